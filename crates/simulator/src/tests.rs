//! The simulator seen from outside, through a client that speaks raw TCP: an HTTP library would
//! hide just those differences that matter here.

mod admin;
mod client;
mod dialogue;
mod doors;
mod effects;
mod faults;
mod gateways;
mod healthy;
mod lifecycle;
mod limits;
mod matrix;
mod scenarios;
mod status;
mod wires;
