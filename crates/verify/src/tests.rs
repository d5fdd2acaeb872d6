mod fixture;
mod honest;
mod misconduct;
mod results;
mod tampering;
