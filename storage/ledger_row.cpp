#include "storage/ledger_row.hpp"

#include "storage/big_endian.hpp"
#include "storage/record.hpp"
#include "storage/record_bytes.hpp"
#include "storage/store.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <stdexcept>

namespace switchyard::storage {

namespace {

constexpr std::uint32_t version = 1;
constexpr std::uint32_t row_fields = 18;
constexpr std::uint32_t open_fields = 9;
constexpr std::size_t longest_name = 512;        // clients name models as they like
constexpr std::size_t most_tags = 64;

constexpr std::int64_t flag_last = 1, flag_estimated = 2, flag_as_reserved = 4;
constexpr int reason_shift = 3;                  // two bits of the flags

std::string_view view(const request_id& id) noexcept { return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()}; }

void append_text(std::string& to, std::string_view value) {
  const auto from = to.size();
  to.resize(from + record_bytes::longest_head + value.size());
  record_bytes out(to.data() + from);
  out.text(value);
  to.resize(static_cast<std::size_t>(out.at() - to.data()));
}

attempt_parties read_parties(record_reader& in) {
  attempt_parties who;
  for (auto* name : {&who.route, &who.provider, &who.model, &who.key, &who.virtual_key}) *name = in.text();
  for (auto left = in.list(); left >= 2 && in.ok(); left -= 2) {
    auto name = in.text();
    who.tags[std::move(name)] = in.text();
  }
  return who;
}

/// Looked up once: finding the algorithm costs as much as hashing a row.
class sha256 {
 public:
  sha256() : context_(EVP_MD_CTX_new()), sha256_(EVP_MD_fetch(nullptr, "SHA256", nullptr)) {
    if (context_ == nullptr || sha256_ == nullptr) throw std::bad_alloc();
  }
  ~sha256() {
    EVP_MD_CTX_free(context_);
    EVP_MD_free(sha256_);
  }
  sha256(const sha256&) = delete;
  sha256& operator=(const sha256&) = delete;

  /// The first bytes of the digest of both, one behind the other.
  [[nodiscard]] row_hash of(std::string_view first, std::string_view second = {}) const {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    const bool well = EVP_DigestInit_ex2(context_, sha256_, nullptr) == 1 && EVP_DigestUpdate(context_, first.data(), first.size()) == 1 &&
                      (second.empty() || EVP_DigestUpdate(context_, second.data(), second.size()) == 1) && EVP_DigestFinal_ex(context_, digest.data(), nullptr) == 1;
    if (!well) throw std::runtime_error("SHA-256 failed");
    row_hash out{};
    std::copy_n(digest.begin(), out.size(), out.begin());
    return out;
  }

 private:
  EVP_MD_CTX* context_;
  EVP_MD* sha256_;
};

}  // namespace

std::string_view to_string(row_outcome outcome) noexcept {
  switch (outcome) {
    case row_outcome::ok: return "ok";
    case row_outcome::error: return "error";
    case row_outcome::client_gone: return "client_gone";
    case row_outcome::unknown: return "unknown";
  }
  return "unknown";
}

savings_reason savings_reason_of(std::string_view name) noexcept {
  return name == "cache" ? savings_reason::cache : name == "cascade" ? savings_reason::cascade : savings_reason::routing;
}

void clip(attempt_parties& who) {
  const auto is_long = [](const std::string& name) { return name.size() > longest_name; };
  const auto names_fit = !is_long(who.route) && !is_long(who.provider) && !is_long(who.model) && !is_long(who.key) && !is_long(who.virtual_key);
  if (names_fit && who.tags.empty()) return;       // nearly always
  const auto cut = [&](std::string name) {
    if (!is_long(name)) return name;
    auto end = longest_name;
    while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) --end;   // not within a character
    name.resize(end);
    return name;
  };
  for (auto* name : {&who.route, &who.provider, &who.model, &who.key, &who.virtual_key}) *name = cut(std::move(*name));
  const auto& tags = who.tags;
  if (tags.size() <= most_tags && std::none_of(tags.begin(), tags.end(), [&](const auto& tag) { return is_long(tag.first) || is_long(tag.second); })) return;
  std::map<std::string, std::string> kept;
  for (const auto& [name, value] : tags)
    if (kept.size() < most_tags) kept.emplace(cut(name), cut(value));
  who.tags = std::move(kept);
}

std::string attempt_key::bytes() const {
  std::string out(view(request));
  out += static_cast<char>(attempt);
  return out;
}

std::size_t attempt_key_hash::operator()(const attempt_key& key) const noexcept {
  std::uint64_t random = 0;                      // the id's last 8 bytes are
  std::memcpy(&random, key.request.bytes.data() + 8, sizeof random);
  return static_cast<std::size_t>(random * 31 + key.attempt);
}

void row_id::append_key(std::string& out) const {
  append_big_endian(out, incarnation);
  append_big_endian(out, seq);
  out += node;
}

std::string row_id::key() const {
  std::string out;
  append_key(out);
  return out;
}

std::string row_id::to_string() const { return node + "/" + std::to_string(incarnation) + "/" + std::to_string(seq); }

std::string encode(const attempt_parties& who) {
  std::string out;
  for (const auto* name : {&who.route, &who.provider, &who.model, &who.key, &who.virtual_key}) append_text(out, *name);
  char head[record_bytes::longest_head];
  record_bytes list(head);
  list.list(2 * who.tags.size());
  out.append(static_cast<const char*>(head), list.at());
  for (const auto& [name, value] : who.tags) {
    append_text(out, name);
    append_text(out, value);
  }
  return out;
}

void encode_row(const settled_facts& what, std::string_view parties, std::int64_t at_us, bool as_reserved, const row_hash& previous, std::string& to) {
  constexpr std::size_t numbers = 10;
  constexpr std::size_t fixed = 4 + numbers * record_bytes::longest_number + 3 * record_bytes::longest_head;   // array and version, numbers, id, cache, previous
  const auto from = to.size();
  to.resize(from + fixed + what.id.request.bytes.size() + parties.size() + what.cache.size() + previous.size());
  record_bytes out(to.data() + from);
  out.list(row_fields + 1);
  out.number(version);
  out.bytes(view(what.id.request));
  out.number(what.id.attempt);
  out.number((what.last ? flag_last : 0) | (what.estimated ? flag_estimated : 0) | (as_reserved ? flag_as_reserved : 0) |
             (static_cast<std::int64_t>(what.saved_by) << reason_shift));
  out.number(at_us);
  out.raw(parties);
  out.number(what.input_tokens);
  out.number(what.output_tokens);
  out.number(what.cached_tokens);
  out.number_or_nil(what.cost);
  out.number(what.saved);
  out.number(static_cast<std::int64_t>(what.outcome));
  out.text(what.cache);
  out.bytes({reinterpret_cast<const char*>(previous.data()), previous.size()});
  to.resize(static_cast<std::size_t>(out.at() - to.data()));
  append_checksum(to, from);
}

void encode(const ledger_row& row, std::string& to) { encode_row(row.what, encode(row.what.parties), row.at_us, row.as_reserved, row.previous, to); }

void encode_open(std::int64_t at_us, std::string_view parties, std::int64_t input_tokens, const std::optional<nano_usd>& reserved, std::string& to) {
  const auto from = to.size();
  to.resize(from + record_bytes::longest_head + 4 * record_bytes::longest_number + parties.size());
  record_bytes out(to.data() + from);
  out.list(open_fields + 1);
  out.number(version);
  out.number(at_us);
  out.raw(parties);
  out.number(input_tokens);
  out.number_or_nil(reserved);
  to.resize(static_cast<std::size_t>(out.at() - to.data()));
  append_checksum(to, from);
}

void encode(const open_attempt& open, std::string& to) { encode_open(open.at_us, encode(open.parties), open.input_tokens, open.reserved, to); }

std::string encode(const ledger_row& row) {
  std::string out;
  encode(row, out);
  return out;
}

std::string encode(const open_attempt& open) {
  std::string out;
  encode(open, out);
  return out;
}

result<ledger_row> decode_row(std::string_view key, std::string_view value) {
  if (key.size() < 16) return storage_error("a ledger row's key is too short");
  ledger_row row;
  row.id = {std::string(key.substr(16)), read_big_endian<std::uint64_t>(key), read_big_endian<std::uint64_t>(key.substr(8))};
  record_reader in(value, version, row_fields);
  auto& what = row.what;
  const auto id = in.bytes(what.id.request.bytes.size());
  std::copy_n(id.begin(), std::min(id.size(), what.id.request.bytes.size()), what.id.request.bytes.begin());
  what.id.attempt = static_cast<std::uint8_t>(in.number());
  const auto flags = in.number();
  what.last = (flags & flag_last) != 0;
  what.estimated = (flags & flag_estimated) != 0;
  row.as_reserved = (flags & flag_as_reserved) != 0;
  const auto reason = (flags >> reason_shift) & 3;
  what.saved_by = reason < 3 ? static_cast<savings_reason>(reason) : savings_reason::routing;
  row.at_us = in.number();
  what.parties = read_parties(in);
  what.input_tokens = in.number();
  what.output_tokens = in.number();
  what.cached_tokens = in.number();
  what.cost = in.number_or_nil();
  what.saved = in.number();
  const auto outcome = in.number();
  what.outcome = outcome >= 0 && outcome <= 3 ? static_cast<row_outcome>(outcome) : row_outcome::unknown;
  what.cache = in.text();
  const auto previous = in.bytes(row.previous.size());
  if (!in.ok()) return storage_error("ledger row " + row.id.to_string() + " is damaged: " + in.problem());
  std::copy(previous.begin(), previous.end(), row.previous.begin());
  return row;
}

result<open_attempt> decode_open(std::string_view key, std::string_view value) {
  open_attempt open;
  if (key.size() != open.id.request.bytes.size() + 1) return storage_error("an open attempt's key has the wrong length");
  std::copy_n(key.begin(), open.id.request.bytes.size(), open.id.request.bytes.begin());
  open.id.attempt = static_cast<std::uint8_t>(key.back());
  record_reader in(value, version, open_fields);
  open.at_us = in.number();
  open.parties = read_parties(in);
  open.input_tokens = in.number();
  open.reserved = in.number_or_nil();
  if (!in.ok()) return storage_error("the open attempt of request " + open.id.request.to_string() + " is damaged: " + in.problem());
  return open;
}

row_hash hash_of(std::string_view key, std::string_view value) {
  thread_local const sha256 hasher;
  return hasher.of(key, value);
}

row_hash hash_of(std::string_view key_and_value) { return hash_of(key_and_value, {}); }

}  // namespace switchyard::storage
