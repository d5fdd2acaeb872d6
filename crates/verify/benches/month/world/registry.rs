//! Who may sign, what is planned, what was promised.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use evidence::hash::Hash;
use evidence::note::{self, SigningKey};
use evidence::registry::{RegistryNote, RegistryType, registry_hash};
use verify::Record;
use verify::layout::registry::{ContractBody, EnrolBody, SoftwareBody, write_body};
use wire::plan::Plan;
use wire::protocol::enrol_text;

use super::{Agent, Maker, START_MS, TARGET, place, target};

impl Maker {
    pub(super) fn enrol_all(&mut self) {
        let software = SoftwareBody {
            export_vkey: self.export.verifier_key().to_string(),
            log_vkey: self.log.verifier_key().to_string(),
            operator_vkey: self.operator.verifier_key().to_string(),
            program: "nines 0.1.0".into(),
        };
        let body = write_body(&software).expect("a body");
        self.record_fleet(RegistryType::Software, &body);
        for nth in 0..self.agents.len() {
            let agent = &self.agents[nth];
            let vkey = agent.key.verifier_key().to_string();
            let text = enrol_text(&agent.id, &vkey, "token");
            let proof = note::sign(&text, &[&agent.key]).expect("a note").to_bytes();
            let place = place(&agent.id);
            let body = EnrolBody {
                agent: agent.id.clone(),
                network: place.network,
                proof: STANDARD.encode(proof),
                region: place.region,
                vkey,
            };
            let body = write_body(&body).expect("a body");
            self.record_fleet(RegistryType::Enrol, &body);
        }
    }

    pub(super) fn record_plan(&mut self, effective_ms: i64) {
        let agents: Vec<String> = self
            .agents
            .iter()
            .map(|Agent { id, .. }| {
                format!("[[agent]]\nid = \"{id}\"\nregion = \"cloud:{id}\"\nnetwork = \"{id}\"\n")
            })
            .collect();
        let text = format!(
            "revision = 1\neffective_from_ms = {effective_ms}\n{}[[target]]\nid = \"{TARGET}\"\n\
             provider = \"acme\"\ninterval_s = 60\ndeadline_ms = 30000\ncredential = \"key-1\"\n\
             request = {{ kind = \"call\", base_url = \"http://x.invalid\", model = \"m-1\" }}\n",
            agents.concat()
        );
        let plan = Plan::parse(&text).expect("a plan");
        let body = plan.to_body().expect("a body");
        self.record_fleet(RegistryType::Plan, &body);
    }

    pub(super) fn record_contract(&mut self, text: &str) {
        let body = ContractBody {
            contract: "acme-chat".parse().expect("a name"),
            fees: None,
            targets: vec![target()],
            terms_sha256: Hash::of(text.as_bytes()).to_hex(),
        };
        let chain = self.origin.contract_chain(&body.contract);
        let body = write_body(&body).expect("a body");
        let record = self.record((&chain, &[]), RegistryType::Contract, &body);
        self.contract.push(record);
    }

    fn record_fleet(&mut self, kind: RegistryType, body: &str) {
        let before = std::mem::take(&mut self.fleet);
        let record = self.record((&self.origin.fleet_chain(), &before), kind, body);
        self.fleet = before;
        self.fleet.push(record);
    }

    fn record(
        &mut self,
        (chain, before): (&str, &[Record]),
        kind: RegistryType,
        body: &str,
    ) -> Record {
        let hash_of = |last: &Record| {
            let signed = note::SignedNote::parse(&last.note).expect("own note");
            registry_hash(signed.text())
        };
        let note = RegistryNote {
            chain: chain.to_owned(),
            entry: before.len() as u64,
            prev: before.last().map_or(Hash::ZERO, hash_of),
            kind,
            at_s: (START_MS / 1_000 - 1_200).unsigned_abs(),
            body: Hash::of(body.as_bytes()),
        };
        let text = note.text().expect("a text");
        let signed = note::sign(&text, &[&self.operator]).expect("a note");
        let index = self.append(signed.to_bytes());
        Record {
            note: signed.to_bytes(),
            body: body.as_bytes().to_vec(),
            index,
            proof: Vec::new(),
        }
    }
}

pub(super) fn policy_text(log: &SigningKey, agents: &[Agent]) -> String {
    let witness = |agent: &Agent| format!("witness {} {}\n", agent.id, agent.key.cosigner_key());
    let witnesses: String = agents.iter().map(witness).collect();
    let names: Vec<&str> = agents.iter().map(|agent| agent.id.as_str()).collect();
    format!(
        "log {}\n{witnesses}group agents {} {}\nquorum agents\n",
        log.verifier_key(),
        agents.len() / 2 + 1,
        names.join(" ")
    )
}
