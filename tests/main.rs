//! Tests that no single crate can hold: the repository against its own rules, and real processes.

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod fleet;
#[cfg(test)]
mod repository;
#[cfg(test)]
mod thread;
