mod fixture;
mod honest;
mod tampering;
