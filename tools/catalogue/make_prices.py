#!/usr/bin/env python3
"""Writes the price catalogue from the PyPI package genai-prices (README.md pins it; MIT).

    make_prices.py --as-of 2026-11-26 --out providers

Two texts, embedded into the program and searched in place (grammar in providers/price_catalogue.cpp):
    prices_exact.txt      one line for each name that a model is listed under, sorted
    prices_patterns.txt   by provider, what matches other names, in the package's order
Every name is resolved here with the package's own rules, so that an exact name needs no rule at run time. Prices that begin later
than the date are left out; where a price depends on the hour, the dearest counts."""
import argparse
import datetime
import importlib.metadata
import pathlib
import re
import sys
from decimal import Decimal

from genai_prices import types
from genai_prices.data import providers

# Our letters for the package's units that are prices per million tokens.
PER_MILLION = {"input_mtok": "i", "output_mtok": "o", "cache_read_mtok": "r", "cache_write_mtok": "w", "cache_write_1h_mtok": "W",
               "input_audio_mtok": "a", "output_audio_mtok": "A", "input_image_mtok": "p", "output_image_mtok": "P"}
TIERED = "iorwW"


def money(amount):
    text = f"{Decimal(amount).quantize(Decimal('0.000000001')):f}"
    return text.rstrip("0").rstrip(".")


def price_text(price):
    """"i2.5 o10 r1.25 >200000 i5 o15"; "-": the package has no price in our units."""
    base, tiers = [], {}
    for unit, letter in PER_MILLION.items():
        value = getattr(price, unit)
        if value is None:
            continue
        if isinstance(value, types.TieredPrices):
            if letter not in TIERED:
                sys.exit(f"tiers of {unit}: no place for them in the catalogue")
            base.append(letter + money(value.base))
            for tier in value.tiers:
                tiers.setdefault(tier.start, []).append(letter + money(tier.price))
        else:
            base.append(letter + money(value))
    if price.requests_kcount is not None:
        base.append("q" + money(price.requests_kcount / 1000))
    if len(tiers) > 2:
        sys.exit(f"{len(tiers)} tiers: the catalogue has room for two")
    return " ".join(base + [f">{start} " + " ".join(rates) for start, rates in sorted(tiers.items())]) or "-"


def dearest(model, day):
    hours = [datetime.datetime.combine(day, datetime.time(h // 2, h % 2 * 30), datetime.UTC) for h in range(48)]
    prices = [model.get_prices(hour) for hour in hours]

    def weight(price):
        return [p.base if isinstance(p, types.TieredPrices) else p or Decimal(0) for p in (price.input_mtok, price.output_mtok)]
    return max(prices, key=weight)


def glob_of_regex(regex):
    """The few forms that the package uses, as our patterns."""
    if regex == "^(?!.*-[tT][tT][sS](?:$|-))":
        return "!*-tts&!*-tts-*"
    ends = regex.endswith("$")
    bodies = [regex.removeprefix("^").removesuffix("$")]
    for form in (r"(.*)\(([^()|]*)\)\?(.*)", r"(.*)\[(-)@\](.*)"):       # "(-x)?", "[-@]": both ways
        while any(re.fullmatch(form, b) for b in bodies):
            found = [(b, re.fullmatch(form, b)) for b in bodies]
            bodies = [w for b, m in found for w in ([m[1] + m[2] + m[3], m[1] + ("@" if m[2] == "-" else "") + m[3]] if m else [b])]
    bodies = [re.sub(r"\\d\{(\d+)\}", lambda m: "#" * int(m[1]), b).replace(r"\d", "#") for b in bodies]
    bodies = [re.sub(r"\\([.\[\]-])", r"\1", b) for b in bodies]
    if any(set(b) & set("\\()|?+^$*&!") for b in bodies) or not regex.startswith("^"):
        sys.exit(f"a regular expression of a new form: {regex}")
    return [b.lower() + ("" if ends else "*") for b in bodies]


def patterns_of(clause):
    """Patterns, any of which matches; equality is left to the exact names."""
    if isinstance(clause, types.ClauseOr):
        return [p for part in clause.or_ for p in patterns_of(part)]
    if isinstance(clause, types.ClauseAnd):
        return ["&".join(p if isinstance(p, str) else p[0] for part in clause.and_ for p in patterns_of(part))]
    if isinstance(clause, types.ClauseStartsWith):
        return [clause.starts_with.lower() + "*"]
    if isinstance(clause, types.ClauseEndsWith):
        return ["*" + clause.ends_with.lower()]
    if isinstance(clause, types.ClauseContains):
        return ["*" + clause.contains.lower() + "*"]
    if isinstance(clause, types.ClauseRegex):
        found = glob_of_regex(clause.regex)
        return [found] if isinstance(found, str) else found
    return []


def names_of(clause):
    if isinstance(clause, types.ClauseEquals):
        return [clause.equals.lower()]
    parts = getattr(clause, "or_", None) or []
    return [name for part in parts for name in names_of(part)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--as-of", type=datetime.date.fromisoformat, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    given = parser.parse_args()
    head = f"# genai-prices {importlib.metadata.version('genai-prices')}, prices of {given.as_of}; made by tools/catalogue/make_prices.py\n"
    exact, patterns = {}, []
    for provider in sorted(providers, key=lambda p: p.id):
        text = {id(m): price_text(dearest(m, given.as_of)) for m in provider.models}
        for model in provider.models:
            for name in {*names_of(model.match), model.id.lower()}:
                found = provider.find_model(name)
                if found is not None:
                    exact[provider.id, name] = text[id(found)]
            patterns += [(provider.id, p, text[id(model)]) for p in patterns_of(model.match)]
        patterns += [(provider.id, ">" + other, "") for other in provider.fallback_model_providers or ()]
    lines = sorted(f"{provider}\t{name}\t{prices}".encode() for (provider, name), prices in exact.items())
    (given.out / "prices_exact.txt").write_bytes(head.encode() + b"\n".join(lines) + b"\n")
    (given.out / "prices_patterns.txt").write_text(head + "".join("\t".join(p) + "\n" for p in patterns))
    print(f"{sum(len(p.models) for p in providers)} models of {len(providers)} providers: {len(lines)} names, {len(patterns)} patterns")


if __name__ == "__main__":
    main()
