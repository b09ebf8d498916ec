//! The ledger: who is whom, who is active, and what was paid.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::problem::{Collector, Fault, Place, shortened};

use super::address::Address;
use super::file::{Files, malformed};

/// All that the ledger says, by the end of it.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Those that were not merged into others, in the order in which they were made.
    pub(super) identities: Vec<Identity>,
    pub(super) distributions: Vec<Distribution>,
    /// How many distributions paid nobody.
    pub(super) empty_distributions: usize,
    /// How many entries of other kinds there are; what they say is in no epoch.
    pub(super) left_out: BTreeMap<String, usize>,
}

/// A participant: someone, with all accounts.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) id: String,
    pub(super) name: String,
    /// `USER`, `BOT`, `PROJECT` or `ORGANIZATION`.
    pub(super) subtype: String,
    pub(super) address: Address,
    /// The nodes that are this one too.
    pub(super) aliases: Vec<Address>,
    pub(super) is_active: bool,
    pub(super) place: Place,
}

/// What was paid at once.
#[derive(Debug)]
pub(super) struct Distribution {
    /// Cred counted up to here, in milliseconds since 1970.
    pub(super) cred_until: i64,
    /// When it was made, in milliseconds since 1970.
    pub(super) made: i64,
    /// What each got, in base units, by the place of the identity it is now.
    pub(super) paid: BTreeMap<usize, u128>,
    /// Places of the identities that could be paid.
    pub(super) active: Vec<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    action: Value,
    ledger_timestamp: i64,
    version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawIdentity {
    id: String,
    name: String,
    subtype: String,
    address: String,
    #[serde(default)]
    aliases: Vec<RawAlias>,
}

#[derive(Deserialize)]
struct RawAlias {
    address: String,
}

#[derive(Deserialize)]
struct Create {
    identity: RawIdentity,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rename {
    identity_id: String,
    new_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChangeType {
    identity_id: String,
    new_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AddAlias {
    identity_id: String,
    alias: RawAlias,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Toggle {
    identity_id: String,
}

#[derive(Deserialize)]
struct Merge {
    base: String,
    target: String,
}

#[derive(Deserialize)]
struct Distribute {
    distribution: RawDistribution,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDistribution {
    cred_timestamp: i64,
    allocations: Vec<RawAllocation>,
}

#[derive(Deserialize)]
struct RawAllocation {
    receipts: Vec<RawReceipt>,
}

#[derive(Deserialize)]
struct RawReceipt {
    id: String,
    amount: String,
}

/// Reads entry after entry. Identities keep their place when they are merged; the places move at the end.
#[derive(Default)]
struct Reader {
    ledger: Ledger,
    by_id: BTreeMap<String, usize>,
    by_address: BTreeMap<Address, usize>,
    /// For each identity the one that it was merged into, or itself.
    merged_into: Vec<usize>,
}

impl Ledger {
    pub(super) fn read(files: &mut Files<'_>, file: usize) -> Ledger {
        let mut reader = Reader::default();
        let mut wrong = Vec::new();
        files.lines(file, &mut |place, entry: Entry| {
            if let Err(fault) = reader.entry(place, entry) {
                wrong.push((place, fault));
            }
        });
        for (place, fault) in wrong {
            files.problems.add(place, None, fault);
        }
        reader.finish(&mut files.problems)
    }
}

impl Reader {
    fn entry(&mut self, place: Place, entry: Entry) -> Result<(), Fault> {
        if entry.version != "1" {
            let version = shortened(&entry.version);
            return Err(Fault::Parameters(format!("is of version `{}`; 1 is read", version.escape_debug())));
        }
        let Some(kind) = entry.action.get("type").and_then(Value::as_str).map(str::to_owned) else {
            return Err(Fault::Parameters("has no `action` with a `type`".to_owned()));
        };
        match kind.as_str() {
            "CREATE_IDENTITY" => self.create(place, of::<Create>(entry.action)?.identity)?,
            "RENAME_IDENTITY" => {
                let Rename { identity_id, new_name } = of(entry.action)?;
                self.identity(&identity_id)?.name = new_name;
            }
            "CHANGE_IDENTITY_TYPE" => {
                let ChangeType { identity_id, new_type } = of(entry.action)?;
                self.identity(&identity_id)?.subtype = new_type;
            }
            "ADD_ALIAS" => {
                let AddAlias { identity_id, alias } = of(entry.action)?;
                let identity = self.place(&identity_id)?;
                self.alias(identity, &alias.address)?;
            }
            "MERGE_IDENTITIES" => self.merge(&of(entry.action)?)?,
            "TOGGLE_ACTIVATION" => {
                let identity = self.identity(&of::<Toggle>(entry.action)?.identity_id)?;
                identity.is_active = !identity.is_active;
            }
            "DISTRIBUTE_GRAIN" => {
                let Distribute { distribution } = of(entry.action)?;
                self.distribute(distribution, entry.ledger_timestamp)?;
            }
            other => *self.ledger.left_out.entry(shortened(other)).or_default() += 1,
        }
        Ok(())
    }

    fn create(&mut self, place: Place, raw: RawIdentity) -> Result<(), Fault> {
        let address = node_address(&raw.address)?;
        let number = self.ledger.identities.len();
        if self.by_id.insert(raw.id.clone(), number).is_some() {
            return Err(Fault::Twice(shortened(&raw.id)));
        }
        self.merged_into.push(number);
        self.ledger.identities.push(Identity {
            id: raw.id,
            name: raw.name,
            subtype: raw.subtype,
            address: address.clone(),
            aliases: Vec::new(),
            is_active: false,
            place,
        });
        self.take(number, address)?;
        raw.aliases.iter().try_for_each(|alias| self.alias(number, &alias.address))
    }

    fn alias(&mut self, identity: usize, address: &str) -> Result<(), Fault> {
        let address = node_address(address)?;
        self.take(identity, address.clone())?;
        if let Some(identity) = self.ledger.identities.get_mut(identity) {
            identity.aliases.push(address);
        }
        Ok(())
    }

    /// Notes whose an address is: only ever one's.
    fn take(&mut self, identity: usize, address: Address) -> Result<(), Fault> {
        let shown = shortened(&address.id());
        match self.by_address.insert(address, identity) {
            Some(other) if other != identity => {
                Err(Fault::Parameters(format!("`{shown}` is another identity's already")))
            }
            _ => Ok(()),
        }
    }

    /// The target's accounts become the base's, and so does what it was paid.
    fn merge(&mut self, Merge { base, target }: &Merge) -> Result<(), Fault> {
        let (base, target) = (self.place(base)?, self.place(target)?);
        if base == target {
            return Err(Fault::Parameters("merges an identity with itself".to_owned()));
        }
        for into in &mut self.merged_into {
            if *into == target {
                *into = base;
            }
        }
        let Some(merged) = self.ledger.identities.get_mut(target) else { return Ok(()) };
        let mut addresses = std::mem::take(&mut merged.aliases);
        addresses.push(merged.address.clone());
        for owner in self.by_address.values_mut().filter(|owner| **owner == target) {
            *owner = base;
        }
        if let Some(base) = self.ledger.identities.get_mut(base) {
            base.aliases.append(&mut addresses);
        }
        Ok(())
    }

    fn distribute(&mut self, raw: RawDistribution, made: i64) -> Result<(), Fault> {
        if raw.allocations.is_empty() {
            self.ledger.empty_distributions += 1;
            return Ok(());
        }
        let (cred_until, made) = (checked_time(raw.cred_timestamp)?, checked_time(made)?);
        let mut paid = BTreeMap::<usize, u128>::new();
        let mut sum = 0_u128;
        for RawReceipt { id, amount } in
            raw.allocations.into_iter().flat_map(|allocation| allocation.receipts)
        {
            let parsed = amount.parse().ok().filter(|_| amount.bytes().all(|byte| byte.is_ascii_digit()));
            let total = parsed.and_then(|amount: u128| sum.checked_add(amount).map(|sum| (amount, sum)));
            let Some((amount, total)) = total else {
                let shown = shortened(&amount);
                return Err(Fault::Parameters(format!(
                    "`{}` is not an amount of grain",
                    shown.escape_debug()
                )));
            };
            sum = total;
            *paid.entry(self.place(&id)?).or_default() += amount;
        }
        let identities = self.ledger.identities.iter().enumerate();
        let is_here = |(number, identity): &(usize, &Identity)| {
            identity.is_active && self.merged_into.get(*number) == Some(number)
        };
        let active = identities.filter(is_here).map(|(number, _)| number).collect();
        self.ledger.distributions.push(Distribution { cred_until, made, paid, active });
        Ok(())
    }

    /// The place of an identity that is still its own.
    fn place(&self, id: &str) -> Result<usize, Fault> {
        let place = self.by_id.get(id).copied().filter(|place| self.merged_into.get(*place) == Some(place));
        place.ok_or_else(|| {
            let shown = shortened(id);
            Fault::Parameters(format!("there is no identity `{}` here", shown.escape_debug()))
        })
    }

    fn identity(&mut self, id: &str) -> Result<&mut Identity, Fault> {
        let place = self.place(id)?;
        self.ledger.identities.get_mut(place).ok_or(Fault::Missing)
    }

    /// Leaves out those that were merged, and says who they are now.
    fn finish(mut self, problems: &mut Collector) -> Ledger {
        let survives = |number: usize| self.merged_into.get(number) == Some(&number);
        let mut places = BTreeMap::new();
        for number in (0..self.merged_into.len()).filter(|number| survives(*number)) {
            places.insert(number, places.len());
        }
        let place = |number: &usize| {
            self.merged_into.get(*number).and_then(|survivor| places.get(survivor)).copied().unwrap_or(0)
        };
        for distribution in &mut self.ledger.distributions {
            let mut paid = BTreeMap::<usize, u128>::new();
            for (number, amount) in &distribution.paid {
                // Together they are what was summed up when it was read.
                *paid.entry(place(number)).or_default() += amount;
            }
            distribution.paid = paid;
            distribution.active = distribution.active.iter().map(place).collect();
            distribution.active.sort_unstable();
            distribution.active.dedup();
        }
        let identities = std::mem::take(&mut self.ledger.identities).into_iter().enumerate();
        self.ledger.identities =
            identities.filter(|(number, _)| survives(*number)).map(|(_, identity)| identity).collect();
        if self.ledger.identities.is_empty() {
            problems.add_file(
                super::LEDGER,
                Fault::Parameters("has no identity: there is nobody to pay".to_owned()),
            );
        }
        self.ledger
    }
}

/// An action by its kind.
fn of<T: DeserializeOwned>(action: Value) -> Result<T, Fault> {
    serde_json::from_value(action).map_err(|error| malformed(&error))
}

fn node_address(text: &str) -> Result<Address, Fault> {
    Address::marked(text, 'N').ok_or_else(|| {
        let shown = shortened(text);
        Fault::Parameters(format!("`{}` is not the address of a node", shown.escape_debug()))
    })
}

/// Milliseconds since 1970, in the years 1 to 9999.
pub(super) fn checked_time(milliseconds: i64) -> Result<i64, Fault> {
    const MILLISECONDS: std::ops::Range<i64> = -62_135_596_800_000..253_402_300_800_000;
    if MILLISECONDS.contains(&milliseconds) {
        return Ok(milliseconds);
    }
    Err(Fault::Parameters(format!("{milliseconds} is not a time in milliseconds since 1970")))
}
