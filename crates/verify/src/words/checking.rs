//! How to check a bundle with what any machine has: the same commands in its README and on its
//! page.

/// Longest name that is put into a command, in bytes.
const NAME_BYTES_MAX: usize = 100;

/// The commands, each a line for a POSIX shell in the folder that holds bundle and policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commands {
    /// The bundle's file name, as its maker names it.
    pub file: String,
    /// Unpacks it into a folder of its own.
    pub unpack: String,
    /// Compares every member with the signed list.
    pub compare: String,
    /// Verifies and recomputes, by the second verifier.
    pub recompute: String,
    /// The same by the first.
    pub program: String,
}

/// The commands for the bundle of a violation. Names that a shell would not take as one plain
/// word are replaced.
#[must_use]
pub fn commands(violation: &str) -> Commands {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let folder = if violation.len() <= NAME_BYTES_MAX
        && violation.chars().all(is_plain)
        && violation.starts_with(|c: char| c.is_ascii_alphanumeric())
    {
        violation
    } else {
        "BUNDLE"
    };
    let file = format!("{folder}.evidence.zip");
    Commands {
        unpack: format!("unzip -q -o {file} -d {folder}"),
        compare: format!(
            "(cd {folder} && sed -n '/^[0-9a-f]\\{{64\\}}  /p' MANIFEST.note | sha256sum -c --quiet) \
             && echo unchanged"
        ),
        recompute: format!("python3 {folder}/verify/verify.py {file} --policy policy.txt"),
        program: format!("nines-verify {file} --policy policy.txt"),
        file,
    }
}

/// Where the policy has to come from.
pub const POLICY: &str = "policy.txt says whose log and which witnesses you believe. It must not \
    come from this bundle: whoever could forge the one could forge the other. Get it from the \
    customer's contract file, from the operator's published address, or from the witnesses \
    themselves, and compare it with trust/policy.txt.";

/// What no signature shows, each a sentence or two for people who were not there.
pub const LIMITS: [&str; 8] = [
    "Signatures and hashes show that nothing was changed, added or left out after it was \
     recorded. They cannot show that an agent told the truth while it recorded. What can is \
     yours: look up the request ids in your own logs.",
    "That nobody rewrote the log rests on its witnesses. If operator, every witness and every \
     timestamp authority acted together, they could. With no witness outside the operator's \
     reach, this protection is weak; the policy tells who they are.",
    "Times are the agents' clocks, bound by the time at which others had seen the batch. Within \
     minutes of the edge of a window or an outage they are not proof to the second.",
    "If all agents share a network, a fault of that network looks like one of the service. \
     Regions, networks and controls are listed, so that you can judge it.",
    "Between two requests nothing was measured. Start and end of an outage are known as finely \
     as requests were sent, which stands beside each.",
    "The requests are synthetic probes on the customer's own account. They speak of these \
     requests in this window, not of the service's availability to others.",
    "A silent flag on the account, or a limit shared with other traffic of the customer, cannot \
     be seen from outside. Errors of key, quota and billing are named as such.",
    "How the contract was turned into terms.toml is a reading of a text. Clauses that can be \
     read in several ways are computed in all of them; a misreading shared by all is possible.",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_a_shell_would_read_is_not_put_into_a_command() {
        assert_eq!(commands("VIO-1.a").file, "VIO-1.a.evidence.zip");
        for bad in ["a;b", "$(x)", "-rf", "a'b", ""] {
            assert_eq!(commands(bad).file, "BUNDLE.evidence.zip", "{bad}");
        }
    }
}
