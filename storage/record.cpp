#include "storage/record.hpp"

#include "storage/crc32c.hpp"

namespace switchyard::storage {

namespace {

constexpr std::size_t crc_bytes = 4;
constexpr std::size_t longest_text = 64u << 10;

}  // namespace

void append_checksum(std::string& to, std::size_t from) {
  const auto crc = crc32c(std::string_view(to).substr(from));
  char end[crc_bytes];
  for (std::size_t i = 0; i < crc_bytes; ++i) end[i] = static_cast<char>((crc >> (8 * i)) & 0xff);
  to.append(end, sizeof end);
}

record_reader::record_reader(std::string_view record, std::uint32_t version, std::uint32_t least) {
  if (record.size() <= crc_bytes) {
    problem_ = "length";
    return;
  }
  const auto body = record.substr(0, record.size() - crc_bytes);
  std::uint32_t crc = 0;
  for (std::size_t i = 0; i < crc_bytes; ++i) crc |= static_cast<std::uint32_t>(static_cast<unsigned char>(record[body.size() + i])) << (8 * i);
  if (crc != crc32c(body)) {
    problem_ = "checksum";
    return;
  }
  // A checksum does not make bytes trustworthy: limits on every size that msgpack would allocate by.
  try {
    const msgpack::unpack_limit limits(1024, 0, longest_text, 1024, 0, 8);
    std::size_t used = 0;
    whole_ = msgpack::unpack(body.data(), body.size(), used, nullptr, nullptr, limits);
    if (used != body.size()) problem_ = "length";
  } catch (const std::exception& why) {
    problem_ = why.what();
  }
  if (!problem_.empty()) return;
  const auto& array = whole_.get();
  if (array.type != msgpack::type::ARRAY || array.via.array.size == 0) {
    problem_ = "not an array";
    return;
  }
  at_ = array.via.array.ptr;
  end_ = at_ + array.via.array.size;
  const auto have = number();
  if (ok() && have != version) problem_ = "version " + std::to_string(have) + " where " + std::to_string(version) + " is known";
  if (ok() && static_cast<std::size_t>(end_ - at_) < least) problem_ = "fields missing";
}

const msgpack::object* record_reader::next() {
  if (!ok()) return nullptr;
  if (item_ != items_end_) return item_++;
  ++field_;
  if (at_ != end_) return at_++;
  bad_field();
  return nullptr;
}

void record_reader::bad_field() {
  if (ok()) problem_ = "field " + std::to_string(field_ - 1);
}

std::int64_t record_reader::number() {
  const auto* field = next();
  if (field == nullptr) return 0;
  if (field->type == msgpack::type::NEGATIVE_INTEGER) return field->via.i64;
  if (field->type == msgpack::type::POSITIVE_INTEGER && field->via.u64 <= static_cast<std::uint64_t>(INT64_MAX)) return static_cast<std::int64_t>(field->via.u64);
  bad_field();
  return 0;
}

std::optional<std::int64_t> record_reader::number_or_nil() {
  if (ok() && item_ == items_end_ && at_ != end_ && at_->type == msgpack::type::NIL) {
    (void)next();
    return std::nullopt;
  }
  return number();
}

std::string record_reader::text() {
  const auto* field = next();
  if (field == nullptr) return {};
  if (field->type == msgpack::type::STR) return {field->via.str.ptr, field->via.str.size};
  bad_field();
  return {};
}

std::string record_reader::bytes(std::size_t size) {
  const auto* field = next();
  if (field == nullptr) return {};
  if (field->type == msgpack::type::BIN && field->via.bin.size == size) return {field->via.bin.ptr, size};
  bad_field();
  return std::string(size, '\0');
}

std::size_t record_reader::list() {
  const auto* field = next();
  if (field == nullptr) return 0;
  if (field->type != msgpack::type::ARRAY) {
    bad_field();
    return 0;
  }
  item_ = field->via.array.ptr;
  items_end_ = item_ + field->via.array.size;
  return field->via.array.size;
}

}  // namespace switchyard::storage
