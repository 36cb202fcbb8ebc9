#include "storage/answer_store.hpp"

#include "storage/big_endian.hpp"
#include "storage/crc32c.hpp"
#include "storage/record.hpp"

#include <algorithm>
#include <bit>

namespace switchyard::storage {

namespace {

constexpr std::uint32_t version = 1, fields = 20;
constexpr std::string_view format_key = "format", format = "1";
constexpr std::size_t most_dimensions = 4096, most_tags = 64;

std::string_view bytes_of(const answer_hash& hash) { return {reinterpret_cast<const char*>(hash.data()), hash.size()}; }

answer_hash hash_in(std::string_view bytes) {
  answer_hash out{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), out.size()), out.begin());
  return out;
}

}  // namespace

std::string answer_key(const answer_hash& exact) { return 'a' + std::string(bytes_of(exact)); }

std::string encode(const stored_answer& a) {
  std::string record;
  record_writer out(record, fields, version);
  out.bytes(bytes_of(a.partition)).text(a.prompt.value_or("")).number((a.prompt ? 1 : 0) + (a.stream ? 2 : 0));
  out.number(static_cast<std::int64_t>(a.vector.size())).bytes({reinterpret_cast<const char*>(a.vector.data()), a.vector.size()});
  out.number(std::bit_cast<std::uint32_t>(a.scale)).number(std::bit_cast<std::int64_t>(a.embedding)).text(a.route).text(a.tenant).list(a.tags.size());
  for (const auto& tag : a.tags) out.text(tag);
  out.text(a.provider).text(a.model).text(a.key).text(a.content_type).number(a.created_us).number(a.expires_us);
  out.number(a.input_tokens).number(a.output_tokens).number(a.cost).number(crc32c(a.body));
  out.done();
  std::string value;
  value.reserve(4 + record.size() + a.body.size());
  append_big_endian(value, static_cast<std::uint32_t>(record.size()));
  value += record;
  value += a.body;
  return value;
}

result<stored_answer> decode_answer(std::string_view key, std::string_view value) {
  const auto bad = [](const std::string& what) { return storage_error("a stored answer cannot be read: " + what); };
  if (key.size() != 17 || value.size() < 4) return bad("length");
  const auto size = read_big_endian<std::uint32_t>(value.substr(0, 4));
  if (size > value.size() - 4) return bad("length");
  record_reader in(value.substr(4, size), version, fields);
  stored_answer out;
  out.exact = hash_in(key.substr(1));
  out.partition = hash_in(in.bytes(16));
  auto prompt = in.text();
  const auto flags = in.number();
  if ((flags & 1) != 0) out.prompt = std::move(prompt);
  out.stream = (flags & 2) != 0;
  const auto dimensions = in.number();
  if (dimensions < 0 || dimensions > static_cast<std::int64_t>(most_dimensions)) return bad("dimensions");
  const auto vector = in.bytes(static_cast<std::size_t>(dimensions));
  out.vector.assign(vector.begin(), vector.end());
  out.scale = std::bit_cast<float>(static_cast<std::uint32_t>(in.number()));
  out.embedding = std::bit_cast<std::uint64_t>(in.number());
  out.route = in.text();
  out.tenant = in.text();
  const auto tags = in.list();
  if (tags > most_tags) return bad("tags");
  for (std::size_t i = 0; i < tags; ++i) out.tags.push_back(in.text());
  out.provider = in.text();
  out.model = in.text();
  out.key = in.text();
  out.content_type = in.text();
  out.created_us = in.number();
  out.expires_us = in.number();
  out.input_tokens = in.number();
  out.output_tokens = in.number();
  out.cost = in.number();
  const auto sum = in.number();
  if (!in.ok()) return bad(in.problem());
  out.body = value.substr(4 + size);
  if (crc32c(out.body) != static_cast<std::uint32_t>(sum)) return bad("checksum of the body");
  return out;
}

result<answers_read> read_answers(store& from, const std::function<void(stored_answer)>& each) {
  const auto known = from.get(table::meta, format_key);
  if (!known) return known.failure();
  answers_read out;
  write_batch changes;
  if (*known != format) {
    if (known->has_value()) changes.erase_range(table::meta, "a", "b");
    changes.put(table::meta, std::string(format_key), std::string(format));
    if (auto written = from.write(changes, survives::process); !written) return written.failure();
    return out;
  }
  const auto walked = from.scan(table::meta, "a", "b", [&](std::string_view key, std::string_view value) {
    if (auto answer = decode_answer(key, value)) {
      ++out.read;
      each(*std::move(answer));
    } else {
      ++out.dropped;
      changes.erase(table::meta, std::string(key));
    }
    return true;
  });
  if (!walked) return walked.failure();
  if (!changes.empty())
    if (auto written = from.write(changes, survives::process); !written) return written.failure();
  return out;
}

}  // namespace switchyard::storage
