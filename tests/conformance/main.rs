//! Our programs against software that nobody here wrote: gateways and a model server judged by
//! `nines probe`, and `nines sim` judged by the providers' own SDKs.
//!
//! `cargo xtask peers` installs and starts all of it, and runs this; every test may run alone, at
//! once with the others, and in any order. Non-goals: what the other software does right, and how
//! fast.

#[cfg(test)]
mod browser;
#[cfg(test)]
mod litellm;
#[cfg(test)]
mod llama;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod peer;
#[cfg(test)]
mod portkey;
#[cfg(test)]
mod probe;
#[cfg(test)]
mod s3;
#[cfg(test)]
mod sdks;
