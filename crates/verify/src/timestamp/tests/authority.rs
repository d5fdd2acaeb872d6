//! Timestamping authorities of OpenSSL, made for a test.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use evidence::der;
use evidence::hash::Hash;
use tempfile::TempDir;

use super::super::Roots;

const CONFIG: &str = include_str!("openssl.cnf");
/// The time for which certificates are good.
const ALWAYS: (&str, &str) = ("20200101000000Z", "20491231235959Z");

/// Kinds of keys, as OpenSSL makes them.
#[derive(Clone, Copy)]
pub(crate) enum Key {
    Rsa,
    P256,
    P384,
}

/// A root, and an authority under it.
pub(crate) struct Authority {
    dir: TempDir,
    digest: &'static str,
}

impl Authority {
    /// One as it should be, for all tests.
    pub(crate) fn good() -> &'static Self {
        static GOOD: OnceLock<Authority> = OnceLock::new();
        GOOD.get_or_init(|| Self::new(Key::P256, "only"))
    }

    /// One that nobody named.
    pub(crate) fn other() -> &'static Self {
        static OTHER: OnceLock<Authority> = OnceLock::new();
        OTHER.get_or_init(|| Self::new(Key::P256, "only"))
    }

    /// `usage` is a section of extensions.
    pub(crate) fn new(key: Key, usage: &str) -> Self {
        Self::valid(key, usage, ALWAYS)
    }

    /// One whose own certificate has these first and last seconds.
    pub(crate) fn valid(key: Key, usage: &str, (first, last): (&str, &str)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("openssl.cnf"), CONFIG).unwrap();
        fs::write(dir.path().join("index.txt"), "").unwrap();
        fs::write(dir.path().join("serial"), "01").unwrap();
        let digest = match key {
            Key::Rsa => "sha512",
            Key::P256 => "sha256",
            Key::P384 => "sha384",
        };
        let new = Self { dir, digest };
        new.make_key("root", key);
        new.make_key("tsa", key);
        new.sign(
            "root",
            "root",
            ALWAYS,
            &["-selfsign", "-keyfile", "root.key"],
        );
        let by_root = ["-keyfile", "root.key", "-cert", "root.pem"];
        new.sign("tsa", usage, (first, last), &by_root);
        new
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn pem(&self) -> Vec<u8> {
        fs::read(self.dir().join("root.pem")).unwrap()
    }

    pub(crate) fn roots(&self) -> Roots {
        Roots::from_pem(&self.pem()).unwrap()
    }

    /// What `openssl ts -reply` answers to a request, now.
    pub(crate) fn reply(&self, request: &[u8]) -> Vec<u8> {
        let work = tempfile::tempdir_in(self.dir()).unwrap();
        let (query, reply) = (work.path().join("a.tsq"), work.path().join("a.tsr"));
        fs::write(&query, request).unwrap();
        fs::write(work.path().join("serial"), "01").unwrap();
        let config = fs::read_to_string(self.dir().join("openssl.cnf")).unwrap();
        let serial = work.path().join("serial").display().to_string();
        let config = config.replace("= ./tsserial", &format!("= {serial}"));
        fs::write(work.path().join("openssl.cnf"), config).unwrap();
        self.openssl(&[
            "ts",
            "-reply",
            "-config",
            work.path().join("openssl.cnf").to_str().unwrap(),
            "-queryfile",
            query.to_str().unwrap(),
            &format!("-{}", self.digest),
            "-out",
            reply.to_str().unwrap(),
        ]);
        fs::read(reply).unwrap()
    }

    /// A response whose token states a time of the test's choice, `YYYYMMDDHHMMSSZ`.
    pub(crate) fn stamp(&self, data: &Hash, time: &str) -> Vec<u8> {
        let work = tempfile::tempdir().unwrap();
        let (statement, token) = (work.path().join("info"), work.path().join("token"));
        fs::write(&statement, info(data, time)).unwrap();
        self.openssl(&[
            "cms",
            "-sign",
            "-binary",
            "-nodetach",
            "-cades",
            "-econtent_type",
            "1.2.840.113549.1.9.16.1.4",
            "-md",
            self.digest,
            "-signer",
            "tsa.pem",
            "-inkey",
            "tsa.key",
            "-outform",
            "DER",
            "-in",
            statement.to_str().unwrap(),
            "-out",
            token.to_str().unwrap(),
        ]);
        granted(&fs::read(token).unwrap())
    }

    fn make_key(&self, name: &str, key: Key) {
        let kind: &[&str] = match key {
            Key::Rsa => &["RSA", "-pkeyopt", "rsa_keygen_bits:3072"],
            Key::P256 => &["EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
            Key::P384 => &["EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
        };
        let file = format!("{name}.key");
        self.openssl(&[&["genpkey", "-out", &file, "-algorithm"], kind].concat());
        let (subject, request) = (format!("/CN={name}"), format!("{name}.csr"));
        let with = ["-key", &file, "-subj", &subject, "-out", &request];
        self.openssl(&[&["req", "-new", "-config", "openssl.cnf"], &with[..]].concat());
    }

    fn sign(&self, name: &str, usage: &str, (first, last): (&str, &str), by: &[&str]) {
        let (request, certificate) = (format!("{name}.csr"), format!("{name}.pem"));
        let what = ["-in", &request, "-out", &certificate, "-extensions", usage];
        let when = ["-startdate", first, "-enddate", last];
        let fixed = ["ca", "-batch", "-notext", "-config", "openssl.cnf", "-md"];
        self.openssl(&[&fixed, &[self.digest][..], by, &what, &when].concat());
    }

    fn openssl(&self, arguments: &[&str]) {
        let done = Command::new("openssl")
            .args(arguments)
            .current_dir(self.dir())
            .stdin(Stdio::null())
            .output()
            .expect("openssl is needed: run `cargo xtask deps`");
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{arguments:?}\n{said}");
    }
}

/// A statement without nonce, accurate to 1.5 s.
fn info(data: &Hash, time: &str) -> Vec<u8> {
    let request = evidence::timestamp::request(data, 0);
    let mut parts = der::single(&request, der::SEQUENCE).unwrap().reader();
    let version = parts.any().unwrap().whole;
    let imprint = parts.any().unwrap().whole;
    let mut body = version.to_vec();
    der::push(&mut body, der::OID, &[0x2a, 3, 4, 1]);
    body.extend_from_slice(imprint);
    der::push(&mut body, der::INTEGER, &[7]);
    der::push(&mut body, der::GENERALIZED_TIME, time.as_bytes());
    der::push(&mut body, der::SEQUENCE, &[2, 1, 1, 0x80, 2, 1, 0xf4]);
    let mut info = Vec::new();
    der::push(&mut info, der::SEQUENCE, &body);
    info
}

fn granted(token: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    der::push(&mut body, der::SEQUENCE, &[2, 1, 0]);
    body.extend_from_slice(token);
    let mut response = Vec::new();
    der::push(&mut response, der::SEQUENCE, &body);
    response
}
