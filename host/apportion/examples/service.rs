//! A small service for several tenants: one engine for all of them, a ledger for each in one shared table, a deadline and a
//! cancellation for every request, and a rule that changes while the service runs.
//!
//! `cargo run --package apportion --example service`; `tests/system/embedding.rs` drives the same service.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use apportion::charter::{CharterDraft, resolve};
use apportion::engine::EngineError;
use apportion::epoch::{Header, Window};
use apportion::ledger::{LedgerError, LedgerIdentity};
use apportion::money::{Asset, Pool};
use apportion::store::{Commit, Committed, Object, Part, StoreError};
use apportion::{
    Cancel, Charter, Digest, Edge, Engine, Epoch, EpochBuilder, ErrorKind, Ledger, Node, Receipt, Store,
};

/// Objects of all tenants in one table, as a database would have it: the key is the tenant and the object's digest.
#[derive(Clone, Default)]
pub struct Table(Arc<Mutex<Rows>>);

#[derive(Default)]
struct Rows {
    objects: BTreeMap<(String, Digest), Vec<u8>>,
    heads: BTreeMap<String, Digest>,
}

impl Table {
    /// What a tenant sees of it.
    pub fn tenant(&self, tenant: &str) -> TenantStore {
        TenantStore { tenant: tenant.to_owned(), table: self.clone() }
    }
}

/// What one tenant sees of the table: a store like any other.
#[derive(Clone)]
pub struct TenantStore {
    tenant: String,
    table: Table,
}

impl TenantStore {
    /// The library checks every object against its digest, so that a damaged row is an error and never a payout.
    fn with_rows<T>(&self, work: impl FnOnce(&mut Rows) -> T) -> T {
        work(&mut self.table.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn key(&self, digest: Digest) -> (String, Digest) {
        (self.tenant.clone(), digest)
    }
}

impl Store for TenantStore {
    fn read(&self, digest: &Digest, offset: u64, at_most: usize) -> Result<Option<Part>, StoreError> {
        let part = |bytes: &Vec<u8>| Part::of(bytes, offset, at_most);
        Ok(self.with_rows(|rows| rows.objects.get(&self.key(*digest)).map(part)))
    }

    fn write(&self, object: Object<'_>) -> Result<(), StoreError> {
        self.with_rows(|rows| rows.objects.insert(self.key(object.digest), object.bytes.to_vec()));
        Ok(())
    }

    fn list(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<Digest>, StoreError> {
        Ok(self.with_rows(|rows| {
            let own = rows.objects.keys().filter(|(tenant, _)| *tenant == self.tenant);
            own.map(|(_, digest)| *digest).filter(|digest| after < Some(digest)).take(limit).collect()
        }))
    }

    fn head(&self) -> Result<Option<Digest>, StoreError> {
        Ok(self.with_rows(|rows| rows.heads.get(&self.tenant).copied()))
    }

    fn commit(&self, commit: &Commit<'_>) -> Result<Committed, StoreError> {
        // A database does the same in one transaction.
        Ok(self.with_rows(|rows| {
            let head = rows.heads.get(&self.tenant).copied();
            if head != commit.expected {
                return Committed::Moved { head };
            }
            for object in commit.objects.iter().chain([&commit.entry]) {
                rows.objects.insert(self.key(object.digest), object.bytes.to_vec());
            }
            rows.heads.insert(self.tenant.clone(), commit.entry.digest);
            Committed::Done
        }))
    }
}

/// The service: everything that requests share.
pub struct Service {
    engine: Engine,
    table: Table,
    tenants: RwLock<BTreeMap<String, Arc<Mutex<Ledger<TenantStore>>>>>,
}

/// Why a request was not done: a status, and a sentence for the caller.
#[derive(Debug)]
pub struct Refusal {
    /// As in HTTP.
    pub status: u16,
    /// Why.
    pub sentence: String,
}

impl Refusal {
    /// Every error of the library has a kind, from which the status follows.
    fn new(kind: ErrorKind, error: &dyn Error) -> Refusal {
        let status = match kind {
            ErrorKind::Input | ErrorKind::Component | ErrorKind::Policy => 422,
            ErrorKind::Busy => 503,
            ErrorKind::Cancelled => 499,
            _ => 500,
        };
        Refusal { status, sentence: apportion::text::escape(error).to_string() }
    }
}

impl From<LedgerError> for Refusal {
    fn from(error: LedgerError) -> Refusal {
        Refusal::new(error.kind(), &error)
    }
}

impl Service {
    /// A service whose runs take at most 6 GiB together, of which at most 16 wait.
    ///
    /// # Errors
    ///
    /// If the machine cannot run the engine.
    pub fn new() -> Result<Service, EngineError> {
        let engine = Engine::builder().memory(6 << 30).most_waiting(16).build()?;
        Ok(Service { engine, table: Table::default(), tenants: RwLock::default() })
    }

    /// The engine, to see what it takes.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Adds a tenant with an empty ledger. The identity is 32 random bytes, which whoever creates the ledger draws.
    ///
    /// # Errors
    ///
    /// If the tenant exists.
    pub fn add_tenant(&self, tenant: &str, identity: [u8; 32]) -> Result<(), Refusal> {
        let store = self.table.tenant(tenant);
        let ledger = Ledger::create(store, LedgerIdentity::from_bytes(identity))?;
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        tenants.insert(tenant.to_owned(), Arc::new(Mutex::new(ledger)));
        Ok(())
    }

    /// Puts a charter in force from an epoch on: the rule changes and nothing else does. Policies are named by the names of
    /// standard policies, or by those of `components`.
    ///
    /// # Errors
    ///
    /// 422 if the charter, a component or the first epoch is not acceptable.
    pub fn adopt(
        &self,
        tenant: &str,
        draft: &str,
        from: u64,
        components: &[Vec<u8>],
    ) -> Result<Digest, Refusal> {
        let mut policies = Vec::new();
        for component in components {
            policies.push(self.engine.admit(component).map_err(|error| Refusal::new(error.kind(), &error))?);
        }
        let draft = CharterDraft::from_toml(draft).map_err(|error| Refusal::new(error.kind(), &error))?;
        let resolved = resolve(&self.engine, draft, None, &policies);
        let (charter, _) = resolved.map_err(|error| Refusal::new(error.kind(), &error))?;
        self.put_in_force(tenant, &charter, from, components)?;
        Ok(charter.digest())
    }

    /// The same with a charter as it is.
    ///
    /// # Errors
    ///
    /// As [`Service::adopt`].
    pub fn put_in_force(
        &self,
        tenant: &str,
        charter: &Charter,
        from: u64,
        components: &[Vec<u8>],
    ) -> Result<(), Refusal> {
        let mut components = components.to_vec();
        components.extend(apportion_standard::all().iter().map(|standard| standard.bytes.to_vec()));
        let ledger = self.tenant(tenant)?;
        let mut ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
        ledger.adopt(&self.engine, charter, from, &components, &[])?;
        Ok(())
    }

    /// Settles an epoch under the charter in force, within a deadline of the request's own.
    ///
    /// # Errors
    ///
    /// 422 if the epoch or the rule is at fault, 499 if `cancel` was called, 503 if the service is at its limits, 500 if the
    /// run took longer than `deadline`. In each case the ledger is as before.
    pub fn settle(
        &self,
        tenant: &str,
        epoch: &Epoch,
        deadline: Duration,
        cancel: &Cancel,
    ) -> Result<Receipt, Refusal> {
        // A handle: it shares compiled policies, threads and the bound on memory with all other requests.
        let engine = self.engine.clone().with_run_time(deadline).with_cancel(cancel);
        let ledger = self.tenant(tenant)?;
        let mut ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(ledger.settle(&engine, epoch)?.receipt)
    }

    /// Has a tenant's whole ledger verified, every settlement run again.
    ///
    /// # Errors
    ///
    /// 500 with what was found.
    pub fn verify(&self, tenant: &str) -> Result<usize, Refusal> {
        let store = self.table.tenant(tenant);
        let found = apportion::verify(store, Some(&self.engine), &mut |_| {})
            .map_err(|error| Refusal::new(error.kind(), &error))?;
        match found.findings.first() {
            None => Ok(found.run_again),
            Some(finding) => Err(Refusal { status: 500, sentence: finding.to_string() }),
        }
    }

    fn tenant(&self, tenant: &str) -> Result<Arc<Mutex<Ledger<TenantStore>>>, Refusal> {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        let unknown = || Refusal { status: 404, sentence: "there is no such tenant".to_owned() };
        tenants.get(tenant).cloned().ok_or_else(unknown)
    }
}

/// An epoch of three people, one of whom wrote what the others built on.
///
/// # Errors
///
/// If an id or the pool is not acceptable, which these are.
pub fn epoch(number: u64) -> Result<Epoch, Box<dyn Error>> {
    let pool = Pool { asset: Asset::new("EUR", 2)?, amount: 90_000 };
    let header = Header { number, window: Window { start: 0, end: 2_592_000 }, pool };
    let mut epoch = EpochBuilder::new(header)?;
    for (payee, work) in [("ada", "parser"), ("ben", "tool"), ("cy", "page")] {
        epoch.payee(payee);
        epoch.node(Node::new(work, "work").payee(payee));
    }
    epoch.edge(Edge::new("tool", "parser", "depends-on"));
    epoch.edge(Edge::new("page", "parser", "depends-on"));
    Ok(epoch.build()?)
}

// The test includes this file and has no use for `main`.
#[allow(dead_code)]
fn main() -> Result<(), Box<dyn Error>> {
    let service = Service::new()?;
    let draft = |rule: &str| format!("name = \"Tenant\"\n[[policies]]\npolicy = \"{rule}\"\n");
    for (index, tenant) in ["cooperative", "library", "network"].into_iter().enumerate() {
        service.add_tenant(tenant, [u8::try_from(index)?; 32]).map_err(|refusal| refusal.sentence)?;
        service.adopt(tenant, &draft("equal"), 1, &[]).map_err(|refusal| refusal.sentence)?;
    }
    // From its second epoch on the library divides by who is relied on. Nothing is restarted.
    service.adopt("library", &draft("pagerank"), 2, &[]).map_err(|refusal| refusal.sentence)?;
    for tenant in ["cooperative", "library", "network"] {
        for number in [1, 2] {
            let receipt = service
                .settle(tenant, &epoch(number)?, Duration::from_secs(60), &Cancel::new())
                .map_err(|refusal| refusal.sentence)?;
            println!("{tenant}, epoch {number}: receipt {}", receipt.digest());
        }
        let again = service.verify(tenant).map_err(|refusal| refusal.sentence)?;
        println!("{tenant}: {again} settlements run again with the same result");
    }
    Ok(())
}
