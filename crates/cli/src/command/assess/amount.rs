//! Amounts of money on the command line: `12000`, `12000.00 USD`, `USD 12000`.

use anyhow::{Context as _, bail};
use sla::{Currency, Money};

/// An amount for a contract, in its currency or without any.
pub(super) fn read(flag: &str, given: &str, currency: Currency) -> anyhow::Result<Money> {
    let words: Vec<&str> = given.split_whitespace().collect();
    let (amount, other) = match words.as_slice() {
        [amount] => (*amount, None),
        [a, b] if b.starts_with(|c: char| c.is_ascii_digit()) => (*b, Some(*a)),
        [a, b] => (*a, Some(*b)),
        _ => bail!("--{flag}: `{given}` is not an amount; write it like `12000.00 {currency}`"),
    };
    if let Some(other) = other {
        let other: Currency = other
            .parse()
            .with_context(|| format!("--{flag} cannot be used"))?;
        if other != currency {
            bail!(
                "--{flag} is in {other}, and the contract's fees and credits are in {currency}; \
                 give the amount in {currency}"
            );
        }
    }
    Money::parse(amount, currency).with_context(|| format!("--{flag} cannot be used"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(given: &str) -> Result<u64, String> {
        let amount = read("fees", given, "USD".parse().unwrap());
        amount.map(Money::minor).map_err(|e| format!("{e:#}"))
    }

    #[test]
    fn an_amount_may_name_the_contracts_currency_on_either_side() {
        assert_eq!(amount("12000"), Ok(1_200_000));
        assert_eq!(amount("12000.50 USD"), Ok(1_200_050));
        assert_eq!(amount("USD 12000.5"), Ok(1_200_050));
    }

    #[test]
    fn another_currency_is_refused_by_name() {
        let text = amount("12000 EUR").unwrap_err();
        assert!(
            text.contains("is in EUR") && text.contains("in USD"),
            "{text}"
        );
    }

    #[test]
    fn what_is_no_amount_is_refused_with_an_example() {
        assert!(
            amount("12,000")
                .unwrap_err()
                .contains("is not an amount in USD")
        );
        assert!(
            amount("1 2 3")
                .unwrap_err()
                .contains("write it like `12000.00 USD`")
        );
        assert!(
            amount("100 dollars")
                .unwrap_err()
                .contains("is not a currency code")
        );
    }
}
