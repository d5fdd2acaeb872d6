mod fixture;
mod honest;
mod misconduct;
mod own;
mod results;
mod tampering;
