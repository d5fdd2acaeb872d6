//! `README.txt`: the first thing that a stranger opens.

use crate::layout::claim::Claim;

pub(super) fn text(claim: &Claim) -> String {
    let simulated = if claim.simulated {
        "SIMULATED. This bundle was made for a demonstration, under made-up keys and a made-up\n\
         clock. It is evidence of nothing.\n\n"
    } else {
        ""
    };
    let Claim {
        violation,
        origin,
        contract,
        window,
        ..
    } = claim;
    let (start, end) = (window.start().start(), window.end().start());
    format!(
        "{simulated}Evidence of a missed service level\n\
         \n\
         Claim     {violation}\n\
         From      {origin}\n\
         Contract  {contract}\n\
         Window    {start} to {end}\n\
         \n\
         To read it: open report/report.html.\n\
         \n\
         To check it, on a machine of yours and without a network:\n\
         \n\
           1. Get the program nines-verify, or write your own by verify/SPEC.md.\n\
           2. Get the policy file (whose log, which witnesses) from the parties themselves.\n\
              The copy in trust/policy.txt is for comparison: it came with the bundle, and\n\
              whoever could forge the one could forge the other.\n\
           3. Run: nines-verify FILE --policy policy.txt\n\
         \n\
         Or by a second verifier, which shares no code with the first. Take it from the project,\n\
         not from this file, or read it before: whoever made this file could have changed it.\n\
         \n\
           unzip FILE verify/verify.py\n\
           less verify/verify.py\n\
           python3 verify/verify.py FILE --policy policy.txt\n\
         \n\
         It answers with six verdicts: container, chain, log, time, coverage and result. The\n\
         last recomputes the result from the raw lines. Without a policy the log stays\n\
         unchecked, and the program says so.\n\
         \n\
         By hand: unzip the file; `sed -n '/^[0-9a-f]\\{{64\\}}  /p' MANIFEST.note | sha256sum -c`\n\
         compares every member with the signed manifest.\n\
         \n\
         What this cannot show: that the agents told the truth while they recorded. Compare the\n\
         request ids in agents/*/*.details.jsonl with the provider's own logs.\n"
    )
}
