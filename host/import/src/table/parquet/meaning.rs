//! What the values of a Parquet column mean.

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use parquet::schema::types::ColumnDescriptor;

use crate::problem::Fault;

#[derive(Clone, Copy)]
pub(super) enum Meaning {
    Plain,
    Unsigned,
    Days,
    /// How many of the unit are in a second.
    Time(i64),
    Decimal(i32),
    Uuid,
}

impl Meaning {
    pub(super) fn of(column: &ColumnDescriptor) -> Result<Meaning, Fault> {
        let per_second = |unit: &TimeUnit| match unit {
            TimeUnit::MILLIS => 1_000,
            TimeUnit::MICROS => 1_000_000,
            TimeUnit::NANOS => 1_000_000_000,
        };
        match column.logical_type_ref() {
            Some(LogicalType::Date) => return Ok(Meaning::Days),
            Some(LogicalType::Timestamp(time)) => return Ok(Meaning::Time(per_second(&time.unit))),
            Some(LogicalType::Decimal(decimal)) => return Ok(Meaning::Decimal(decimal.scale)),
            Some(LogicalType::Integer(integer)) if !integer.is_signed => return Ok(Meaning::Unsigned),
            Some(LogicalType::Uuid) => return Ok(Meaning::Uuid),
            Some(LogicalType::Time(_)) => return Err(Fault::Nested("times of day")),
            Some(LogicalType::Float16 | LogicalType::Bson | LogicalType::Variant(_)) => {
                return Err(Fault::Nested("values of a type that is not read"));
            }
            _ => {}
        }
        match column.converted_type() {
            ConvertedType::DATE => Ok(Meaning::Days),
            ConvertedType::TIMESTAMP_MILLIS => Ok(Meaning::Time(1_000)),
            ConvertedType::TIMESTAMP_MICROS => Ok(Meaning::Time(1_000_000)),
            ConvertedType::DECIMAL => Ok(Meaning::Decimal(column.type_scale())),
            ConvertedType::UINT_8
            | ConvertedType::UINT_16
            | ConvertedType::UINT_32
            | ConvertedType::UINT_64 => Ok(Meaning::Unsigned),
            ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS => Err(Fault::Nested("times of day")),
            ConvertedType::INTERVAL | ConvertedType::BSON => {
                Err(Fault::Nested("values of a type that is not read"))
            }
            _ if column.physical_type() == Type::FIXED_LEN_BYTE_ARRAY => {
                Err(Fault::Nested("bytes that are no text"))
            }
            _ => Ok(Meaning::Plain),
        }
    }
}
