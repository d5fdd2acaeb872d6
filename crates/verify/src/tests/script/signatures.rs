//! Ed25519 at its edges: the library, the script with `cryptography` and the script alone accept the
//! same signatures.

use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use evidence::note::{SignedNote, VerifierKey};
use serde_json::Value;

use super::cases::python;

/// Makes keys and signatures by the script's own arithmetic, good ones and such as only some
/// verifiers take, and prints each with what the script says of it, fast and alone.
const MAKER: &str = r#"
import hashlib, json, sys
sys.path.insert(0, sys.argv[1])
import verify as v

def times(point, scalar):
    return v.multiply(v.comb(point), scalar)

def pack(point):
    x, y, z, _ = point
    inverse = pow(z, v.P - 2, v.P)
    x, y = x * inverse % v.P, y * inverse % v.P
    return (y | (x & 1) << 255).to_bytes(32, "little")

base = v.decompress(v.BASE_Y.to_bytes(32, "little"))
message, name = b"text\n", "nines.example/log"
# A point of order 8: what is left of some point after a multiple of L.
small = next(p for y in range(2, 99) if (q := v.decompress(y.to_bytes(32, "little")))
             for p in [times(q, v.L)] if not all(pack(x) == pack(v.IDENTITY) for x in [times(p, 4)]))
torsion = [times(small, n) for n in range(8)]
odd = [n.to_bytes(32, "little") for n in (0, 1, v.P - 1, v.P, v.P + 1, 2**255 - 1)]
odd += [bytes(31) + b"\x80", b"\x01" + bytes(30) + b"\x80"]

def challenge(r, key, text=message):
    return int.from_bytes(hashlib.sha512(r + key + text).digest(), "little") % v.L

def signature(secret, key, nonce, twist=v.IDENTITY):
    r = pack(v.add(times(base, nonce), twist))
    return r + ((nonce + challenge(r, key) * secret) % v.L).to_bytes(32, "little")

cases = []
for secret in (5, v.L - 3, 2**250 + 77):
    for t in torsion:
        key = pack(v.add(times(base, secret), t))
        good = signature(secret, key, 1234567 * secret % v.L)
        s = int.from_bytes(good[32:], "little")
        cases += [("as it is", key, good), ("another text", key, signature(secret + 1, key, 99))]
        for add in (v.L, 2 * v.L, 2**253, 2**255):
            if s + add < 2**256:
                cases.append((f"S + {add}", key, good[:32] + (s + add).to_bytes(32, "little")))
        cases += [("R twisted", key, signature(secret, key, 4321, u)) for u in torsion[1:]]
        cases += [("R small", key, pack(u) + (challenge(pack(u), key) * secret % v.L).to_bytes(32, "little"))
                  for u in torsion]
        cases += [("R odd", key, r + (challenge(r, key) * secret % v.L).to_bytes(32, "little")) for r in odd]
        cases += [("bit", key, bytes(b ^ (1 << n % 8 if i == n // 8 else 0) for i, b in enumerate(good)))
                  for n in (0, 7, 255, 256, 400, 507, 508, 510, 511)]
cases += [("small key", pack(t), signature(0, pack(t), 7)) for t in torsion]
cases += [("odd key", key, signature(0, key, 7)) for key in odd]
cases += [("length", pack(times(base, 5)), bytes(n)) for n in (1, 32, 63, 65)]
for what, public, sig in cases:
    ids = hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]
    told = {"what": what, "name": name, "id": ids.hex(), "public": public.hex(), "signature": sig.hex()}
    try:
        key = v.Key(name, 1, public)
        told["fast"] = key.verifies(message, sig)
        key.fast = None
        told["alone"] = key.verifies(message, sig)
    except ValueError:
        told["fast"] = told["alone"] = False
    print(json.dumps(told))
"#;

fn bytes(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap().as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    hex.chunks(2).map(byte).collect()
}

fn verifies(case: &Value) -> bool {
    let (name, id) = (case["name"].as_str().unwrap(), case["id"].as_str().unwrap());
    let public = STANDARD.encode([vec![1], bytes(&case["public"])].concat());
    let Ok(key) = format!("{name}+{id}+{public}").parse::<VerifierKey>() else {
        return false;
    };
    let signature = [bytes(&case["id"]), bytes(&case["signature"])].concat();
    let note = format!("text\n\n\u{2014} {name} {}\n", STANDARD.encode(signature));
    SignedNote::parse(note.as_bytes())
        .unwrap()
        .verify(&key)
        .is_ok()
}

#[test]
fn all_take_the_same_signatures() {
    let Some(python) = python() else { return };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/python");
    let made = Command::new(python)
        .args(["-B", "-c", MAKER, script])
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let made = String::from_utf8(made.stdout).unwrap();
    let cases: Vec<Value> = made
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let good = |case: &&Value| case["what"] == "as it is" && verifies(case);
    assert!(
        cases.iter().filter(good).count() >= 3,
        "keys without torsion sign well"
    );
    for case in &cases {
        let ours = Value::Bool(verifies(case));
        assert!(
            case["fast"] == ours && case["alone"] == ours,
            "{case} is {ours} to the library"
        );
    }
    assert!(cases.len() > 700);
}
