//! The simulator seen from outside, through a client that speaks raw TCP: an HTTP library would
//! hide just those differences that matter here.

mod admin;
mod client;
mod faults;
mod healthy;
mod lifecycle;
