"""Writes models/near_misses.txt: the words the semantic cache's guard knows. Names and opposites come from WordNet 3.0 (its own
permissive licence, Debian's wordnet-base), units, dates and the rest are lists of our own. Run by ./verifier.

One entry a line, sorted: `name WORD`, `opposite WORD WORD`, `unit WORD CANONICAL`, `date WORD`, `not WORD`, `question WORD`."""
import pathlib
import sys

WORDNET = pathlib.Path("/usr/share/wordnet")

MORE_NAMES = """python java javascript typescript rust golang kotlin swift php ruby perl scala haskell matlab excel android ios iphone ipad linux
windows macos ubuntu debian mysql postgresql postgres mongodb redis sqlite oracle docker kubernetes aws azure gcp react angular vue django flask
spring nodejs pandas numpy pytorch tensorflow keras google facebook amazon apple microsoft netflix twitter instagram whatsapp youtube reddit quora
tesla toyota honda samsung nokia sony intel amd nvidia ibm paypal uber airbnb spotify linkedin snapchat tiktok chatgpt gpt bitcoin ethereum html css
xml json yaml csv pdf usa uk uae nato fbi cia nasa eu dollar euro yen rupee yuan pound peso franc""".split()

UNITS = {
    "km": "kilometer kilometers kilometre kilometres kms", "m": "meter meters metre metres", "cm": "centimeter centimeters centimetre centimetres",
    "mm": "millimeter millimeters millimetre millimetres", "mile": "miles mi", "yard": "yards", "foot": "feet ft", "inch": "inches", "kg": "kilogram kilograms kilo kilos kgs",
    "g": "gram grams", "mg": "milligram milligrams", "lb": "lbs", "ounce": "ounces oz", "ton": "tons tonne tonnes", "liter": "liters litre litres",
    "ml": "milliliter milliliters millilitre millilitres", "gallon": "gallons", "pint": "pints", "celsius": "centigrade", "fahrenheit": "", "kelvin": "",
    "nanosecond": "nanoseconds", "microsecond": "microseconds", "millisecond": "milliseconds ms", "minute": "minutes", "hour": "hours", "day": "days",
    "week": "weeks", "month": "months", "year": "years", "decade": "decades", "century": "centuries", "byte": "bytes", "kb": "kilobyte kilobytes", "mb": "megabyte megabytes",
    "gb": "gigabyte gigabytes", "tb": "terabyte terabytes", "volt": "volts", "watt": "watts", "kwh": "", "mph": "", "percent": "", "%": "",
}
DATES = """monday tuesday wednesday thursday friday saturday sunday january february april june july august september october november december
today tomorrow yesterday tonight weekend morning evening afternoon midnight noon spring summer autumn winter christmas easter""".split()
NEGATIONS = """not no never none nothing nobody neither nor without cannot except excluding unless avoid stop fail fails failed unable impossible
dont doesnt didnt isnt arent wasnt werent cant couldnt wont wouldnt shouldnt hasnt havent""".split()
QUESTIONS = "what who whom whose when where why how which".split()
MORE_OPPOSITES = """min max;minimum maximum;minimize maximize;before after;above below;over under;upload download;import export;encode decode;encrypt decrypt;
compress decompress;install uninstall;enable disable;buy sell;lend borrow;increase decrease;gain lose;push pull;start stop;start end;begin end;open close;
ascending descending;horizontal vertical;input output;read write;row column;left right;north south;east west;male female;man woman;boy girl;husband wife;
boyfriend girlfriend;mother father;brother sister;son daughter;uncle aunt;king queen;sunrise sunset;first last;oldest youngest;older younger;best worst;better worse;more less;
most least;fewer more;highest lowest;higher lower;biggest smallest;bigger smaller;largest smallest;larger smaller;longest shortest;longer shorter;tallest shortest;
fastest slowest;faster slower;cheapest expensive;advantage disadvantage;pros cons;benefits drawbacks;benefits risks;cause effect;causes effects;causes symptoms;symptoms treatment;
prefix suffix;client server;public private;true false;yes no;even odd;positive negative;plus minus;multiply divide;add remove;add subtract;addition subtraction;
multiplication division;insert delete;create delete;create destroy;send receive;lock unlock;login logout;connect disconnect;attach detach;include exclude;accept reject;
pass fail;win lose;love hate;like dislike;married single;rich poor;import export;gross net;import deport;legal illegal;hot cold;warm cool;wet dry;hard soft;hard easy;
difficult easy;early late;earlier later;old new;old young;strong weak;stronger weaker;light dark;light heavy;thick thin;wide narrow;deep shallow;safe dangerous;clean dirty;
forward backward;forwards backwards;internal external;inner outer;interior exterior;indoor outdoor;inside outside;upstairs downstairs;up down;in out;on off;synchronous asynchronous;
sync async;static dynamic;mutable immutable;serialize deserialize;parse format;get set;get post;deposit withdraw;withdrawal deposit;debit credit;asset liability;supply demand;
inflation deflation;bull bear;employee employer;teacher student;doctor patient;parent child;buyer seller;landlord tenant;lender borrower;plaintiff defendant;
acid base;anode cathode;proton electron;absorb emit;freeze melt;boil freeze;arrive depart;arrival departure;ancestor descendant;introvert extrovert;optimist pessimist;
sender receiver;hire fire;promote demote;expand shrink;expand contract;inhale exhale;remember forget;lose find;save spend;save delete;gain loss;profit loss;
lead follow;raise lower;appear disappear;alive dead;birth death;born died;with without;for against;last next;previous next;current previous;current next""".replace("\n", "").split(";")


def entries(file):
    for line in (WORDNET / file).read_text(encoding="utf-8", errors="replace").splitlines():
        if not line.startswith("  "):
            fields = line.split("|")[0].split()
            count = int(fields[3], 16)
            words = fields[4:4 + 2 * count:2]
            at = 4 + 2 * count
            pointers = fields[at + 1:at + 1 + 4 * int(fields[at])]
            yield fields[0], words, [pointers[i:i + 4] for i in range(0, len(pointers), 4)]


def single(word):
    return word.isalpha() and word.isascii() and len(word) > 2


def gather():
    common, names, opposites = set(), set(), set()
    for file in ("data.noun", "data.verb", "data.adj", "data.adv"):
        by_offset = {offset: words for offset, words, _ in entries(file)}
        for _, words, pointers in entries(file):
            instance = any(symbol == "@i" for symbol, *_ in pointers)
            for word in words:
                word = word.split("(")[0]
                if single(word):
                    (names if word[0].isupper() and (instance or file == "data.adj" or word.isupper()) else common if word[0].islower() else set()).add(word.lower())
            for symbol, offset, part, place in pointers:
                if symbol == "!" and {"n": "data.noun", "v": "data.verb", "a": "data.adj", "s": "data.adj", "r": "data.adv"}[part] == file:
                    mine, theirs = int(place[:2], 16), int(place[2:], 16)
                    pair = sorted(w.split("(")[0].lower() for w in (words[mine - 1], by_offset[offset][theirs - 1]))
                    if all(map(single, pair)):
                        opposites.add(tuple(pair))
    opposites |= {tuple(sorted(pair.split())) for pair in MORE_OPPOSITES}
    lines = {f"name {name}" for name in (names - common) | set(MORE_NAMES)}
    lines |= {f"opposite {a} {b}" for a, b in opposites}
    for unit, spellings in UNITS.items():
        lines |= {f"unit {word} {unit}" for word in [unit, *spellings.split()]}
    lines |= {f"date {word}" for word in DATES} | {f"not {word}" for word in NEGATIONS} | {f"question {word}" for word in QUESTIONS}
    return sorted(lines)


if __name__ == "__main__":
    pathlib.Path(sys.argv[1]).write_text("\n".join(gather()) + "\n", encoding="ascii")
