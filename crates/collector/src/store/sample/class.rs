//! Classes of samples, a row each; samples name theirs by number.
//!
//! Invariants: two classes that differ in anything have two numbers, and a number never changes its
//! class, nor is it deleted. What is known of numbers is forgotten with the group of batches or the
//! run of a job it was looked up for: nothing in memory can contradict a database that was set back,
//! or grows with what agents send.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::Class;
use sqlx::PgConnection;

use crate::store::StoreError;

/// Numbers of the classes of some samples. Lateness is none of their business.
pub(crate) type ClassIds = BTreeMap<Arc<Class>, i32>;

/// Numbers of classes, made where they are new.
///
/// Outside of a transaction what is made stays, whatever becomes of the batches: a number that is
/// given here is never taken back. Numbers are made in one order, so that two who meet in the same
/// classes cannot deadlock; who comes second finds what the first one made.
pub(crate) async fn ids(
    conn: &mut PgConnection,
    classes: BTreeSet<Arc<Class>>,
) -> Result<ClassIds, StoreError> {
    let mut columns = Columns::default();
    for class in &classes {
        columns.push(class)?;
    }
    let mut numbers = find(conn, &columns).await?;
    if numbers.contains(&None) {
        // Of the new ones alone: an insert that finds its row there would use up a number.
        let (known, mut new) = (numbers.iter(), Columns::default());
        for (class, _) in classes.iter().zip(known).filter(|(_, id)| id.is_none()) {
            new.push(class)?;
        }
        insert(conn, &new).await?;
        numbers = find(conn, &columns).await?;
    }
    let lost = || StoreError::inconsistent("sample_class.id", "a class that was just made");
    let found = classes.into_iter().zip(numbers);
    found
        .map(|(class, id)| Ok((class, id.ok_or_else(lost)?)))
        .collect()
}

/// The number of a class that has one.
pub(super) fn id_of(ids: &ClassIds, class: &Class) -> Result<i32, StoreError> {
    let id = ids.get(class).copied();
    id.ok_or_else(|| StoreError::inconsistent("sample_class.id", "a class without a number"))
}

async fn find(
    conn: &mut PgConnection,
    columns: &Columns<'_>,
) -> Result<Vec<Option<i32>>, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT c.id AS "id?"
           FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[],
                       $6::smallint[], $7::text[], $8::text[], $9::text[]) WITH ORDINALITY
                AS n (outcome, attribution, kind, source, stream, status, served_model,
                      served_tier, features, nth)
           LEFT JOIN sample_class c ON c.digest = sample_class_digest(
                n.outcome, n.attribution, n.kind, n.source, n.stream, n.status, n.served_model,
                n.served_tier, n.features)
           ORDER BY n.nth"#,
        &columns.outcome as &[&str],
        &columns.attribution as &[&str],
        &columns.kind as &[&str],
        &columns.source as &[&str],
        &columns.stream,
        &columns.status as &[Option<i16>],
        &columns.served_model as &[Option<&str>],
        &columns.served_tier as &[Option<&str>],
        &columns.features as &[Option<String>],
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("find classes of samples"))
}

async fn insert(conn: &mut PgConnection, columns: &Columns<'_>) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO sample_class (outcome, attribution, kind, source, stream, status,
                                   served_model, served_tier, features)
         SELECT * FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[],
                              $6::smallint[], $7::text[], $8::text[], $9::text[])
         ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9 ON CONFLICT DO NOTHING",
        &columns.outcome as &[&str],
        &columns.attribution as &[&str],
        &columns.kind as &[&str],
        &columns.source as &[&str],
        &columns.stream,
        &columns.status as &[Option<i16>],
        &columns.served_model as &[Option<&str>],
        &columns.served_tier as &[Option<&str>],
        &columns.features as &[Option<String>],
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("insert classes of samples"))?;
    Ok(())
}

#[derive(Default)]
struct Columns<'a> {
    outcome: Vec<&'static str>,
    attribution: Vec<&'static str>,
    kind: Vec<&'static str>,
    source: Vec<&'static str>,
    stream: Vec<bool>,
    status: Vec<Option<i16>>,
    served_model: Vec<Option<&'a str>>,
    served_tier: Vec<Option<&'a str>>,
    features: Vec<Option<String>>,
}

impl<'a> Columns<'a> {
    fn push(&mut self, class: &'a Class) -> Result<(), StoreError> {
        let status = class.status.map(i16::try_from).transpose();
        let features = (!class.features.is_empty()).then(|| class.features.join(","));
        self.outcome.push(class.outcome.as_str());
        self.attribution.push(class.attribution.as_str());
        self.kind.push(class.kind.as_str());
        self.source.push(class.source.as_str());
        self.stream.push(class.stream);
        self.status
            .push(status.map_err(|_| StoreError::Range { what: "status" })?);
        self.served_model.push(class.served_model.as_deref());
        self.served_tier.push(class.served_tier.as_deref());
        self.features.push(features);
        Ok(())
    }
}

/// Classes by their numbers, as far as they were asked for. None is late: that is a sample's own.
#[derive(Debug, Default)]
pub(crate) struct Dictionary(BTreeMap<i32, Class>);

impl Dictionary {
    /// Looks up what is not known yet.
    pub(crate) async fn learn(
        &mut self,
        conn: &mut PgConnection,
        ids: impl Iterator<Item = i32>,
    ) -> Result<(), StoreError> {
        let new: BTreeSet<i32> = ids.filter(|id| !self.0.contains_key(id)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let rows = sqlx::query_as!(
            ClassRow,
            "SELECT id, outcome, attribution, kind, source, stream, status, served_model,
                    served_tier, features
             FROM sample_class WHERE id = ANY($1)",
            &new.into_iter().collect::<Vec<_>>(),
        )
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("read classes of samples"))?;
        for row in rows {
            let id = row.id;
            self.0.insert(id, row.try_into()?);
        }
        Ok(())
    }

    /// A class that was learned of and is there.
    pub(crate) fn get(&self, id: i32) -> Result<&Class, StoreError> {
        let class = self.0.get(&id);
        class.ok_or_else(|| StoreError::inconsistent("sample.class_id", id))
    }
}

/// A class as it is stored.
pub(super) struct ClassRow {
    pub(super) id: i32,
    pub(super) outcome: String,
    pub(super) attribution: String,
    pub(super) kind: String,
    pub(super) source: String,
    pub(super) stream: bool,
    pub(super) status: Option<i16>,
    pub(super) served_model: Option<String>,
    pub(super) served_tier: Option<String>,
    pub(super) features: Option<String>,
}

impl TryFrom<ClassRow> for Class {
    type Error = StoreError;

    fn try_from(row: ClassRow) -> Result<Self, StoreError> {
        let bad = |column, e: &dyn std::fmt::Display| StoreError::inconsistent(column, e);
        let status = row.status.map(u16::try_from).transpose();
        let features = row
            .features
            .map(|f| f.split(',').map(str::to_owned).collect());
        let outcome = row.outcome.parse();
        let attribution = row.attribution.parse();
        let kind = row.kind.parse();
        let source = row.source.parse();
        Ok(Self {
            outcome: outcome.map_err(|e| bad("sample_class.outcome", &e))?,
            status: status.map_err(|e| bad("sample_class.status", &e))?,
            attribution: attribution.map_err(|e| bad("sample_class.attribution", &e))?,
            kind: kind.map_err(|e| bad("sample_class.kind", &e))?,
            source: source.map_err(|e| bad("sample_class.source", &e))?,
            stream: row.stream,
            served_model: row.served_model,
            served_tier: row.served_tier,
            features: features.unwrap_or_default(),
            late: false,
        })
    }
}

#[cfg(test)]
mod tests;
