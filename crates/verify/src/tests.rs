mod fixture;
mod honest;
mod keys;
mod misconduct;
mod own;
mod results;
mod script;
mod tampering;
