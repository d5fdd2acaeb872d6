//! `README.txt`: the first thing that a stranger opens. Every line that is indented by six spaces
//! is a command that works as it stands.

use crate::layout::claim::Claim;
use crate::words::checking::commands;

const LAST: &str = "What this cannot show: that the agents told the truth while they recorded. Compare the\n\
     request ids in agents/*/*.details.jsonl with the provider's own logs. More of this kind in\n\
     legal/limitations.txt.\n";

pub(super) fn text(claim: &Claim) -> String {
    let Claim {
        violation,
        origin,
        contract,
        window,
        ..
    } = claim;
    let (start, end) = (window.start().start(), window.end().start());
    let simulated = if claim.simulated {
        "SIMULATED. This bundle was made for a demonstration, under made-up keys and a made-up\n\
         clock. It is evidence of nothing.\n\n"
    } else {
        ""
    };
    format!(
        "{simulated}Evidence of a missed service level\n\
         \n\
         Claim     {violation}\n\
         From      {origin}\n\
         Contract  {contract}\n\
         Window    {start} to {end}\n\
         \n\
         To read it: open report/report.html. One page says what was promised, what happened and\n\
         what is owed. For lawyers: legal/.\n\
         \n{}\n{}\n{LAST}",
        steps(&commands(violation)),
        stamps(origin),
    )
}

fn steps(commands: &crate::words::checking::Commands) -> String {
    let crate::words::checking::Commands {
        file,
        unpack,
        compare,
        recompute,
        program,
    } = commands;
    format!(
        "To check it, on a machine of yours and without a network. If the file is not called\n\
         {file}, put its name instead.\n\
         \n\
         1. Unpack, and compare every file with the signed list. It prints `unchanged`, or which\n\
            files are not what was signed. On macOS, `shasum -a 256` stands for `sha256sum`.\n\
         \n      {unpack}\n      {compare}\n\
         \n\
         2. Get the policy file policy.txt, which says whose log and which witnesses you believe,\n\
            from the parties themselves: the contract, the operator's published address, the\n\
            witnesses. The copy in trust/policy.txt is for comparison only. It came with the\n\
            bundle, and whoever could forge the one could forge the other.\n\
         \n\
         3. Verify, and recompute the result from the raw lines (Python 3.9 or newer, no packages).\n\
            Read the program first, or take it from the project: whoever made this file could\n\
            have changed it.\n\
         \n      {recompute}\n\
         \n\
            Or by the first verifier, which shares no code with it:\n\
         \n      {program}\n\
         \n\
         Each answers with six verdicts: container, chain, log, time, coverage and result. The\n\
         exit code is 0 if all pass, 1 if any fails, 2 if something was not checked, 3 if the file\n\
         cannot be read. Without a policy the log stays unchecked, and the program says so. The\n\
         program in Python recomputes some formulas only, and says so too. To write a verifier of\n\
         your own, read verify/SPEC.md.\n"
    )
}

fn stamps(origin: &str) -> String {
    format!(
        "Timestamps (RFC 3161), where there are any, say by when a third party saw the log and this\n\
         file. Get the root certificates of the authorities from themselves; trust/tsa-roots.pem, if\n\
         it is here, is a copy to compare. Both verifiers take --tsa-roots roots.pem. With OpenSSL:\n\
         \n\
         # In the unpacked folder. By hand once an authority's certificate has expired: add\n\
         # -attime SECONDS, the time that openssl ts -reply -text -in TOKEN shows.\n\
         sed '/^$/,$d' MANIFEST.note > manifest.txt\n\
         openssl ts -verify -data manifest.txt -in MANIFEST.tsr -CAfile roots.pem\n\
         for token in log/timestamps/*.tsr; do\n\
         size=$(basename \"$token\" | cut -d. -f1)\n\
         root=$(grep -a -x -A 1 \"$size\" log/anchors.entries | sed -n 2p)\n\
         digest=$(printf '%s\\n' {origin}/log \"$size\" \"$root\" | sha256sum | cut -c1-64)\n\
         openssl ts -verify -digest \"$digest\" -in \"$token\" -CAfile roots.pem\n\
         done\n"
    )
}
