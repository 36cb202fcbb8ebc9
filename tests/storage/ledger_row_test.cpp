// Rows survive their bytes; damaged bytes are named, never believed.
#include "storage/big_endian.hpp"
#include "storage/crc32c.hpp"
#include "storage/record.hpp"
#include "storage/record_bytes.hpp"
#include "tests/storage/samples.hpp"
#include "tests/support/rounds.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

BOOST_AUTO_TEST_SUITE(ledger_rows)

using namespace switchyard;
using namespace switchyard::storage;

namespace {

ledger_row sample() {
  ledger_row row{{"yard-a", 3, 17}, noon_us + 123'456, settled(7, 2), true, {}};
  row.previous.fill(0xab);
  row.what.estimated = true;
  row.what.last = false;
  row.what.saved = -5;
  row.what.saved_by = savings_reason::cascade;
  row.what.outcome = row_outcome::client_gone;
  row.what.parties.tags["note"] = "a, \"b\"\n";
  return row;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_row_reads_as_it_was_written) {
  const auto row = sample();
  const auto read = decode_row(row.id.key(), encode(row));
  BOOST_REQUIRE(read);
  BOOST_TEST(read->id.to_string() == "yard-a/3/17");
  BOOST_TEST(read->at_us == row.at_us);
  BOOST_TEST((read->what.id == row.what.id));
  BOOST_TEST(!read->what.last);
  BOOST_TEST(read->what.estimated);
  BOOST_TEST(read->as_reserved);
  BOOST_TEST(read->what.cost.value() == 450'000);
  BOOST_TEST(read->what.saved == -5);
  BOOST_TEST((read->what.saved_by == savings_reason::cascade));
  BOOST_TEST((read->what.outcome == row_outcome::client_gone));
  BOOST_TEST(read->what.parties.tags.at("note") == "a, \"b\"\n");
  BOOST_TEST((read->previous == row.previous));
}

BOOST_AUTO_TEST_CASE(an_unknown_price_stays_unknown) {
  auto row = sample();
  row.what.cost.reset();
  BOOST_TEST(!decode_row(row.id.key(), encode(row))->what.cost.has_value());
}

BOOST_AUTO_TEST_CASE(an_open_attempt_reads_as_it_was_written) {
  const auto open = opening(9, 3);
  const auto read = decode_open(open.id.bytes(), encode(open));
  BOOST_REQUIRE(read);
  BOOST_TEST((read->id == open.id));
  BOOST_TEST(read->parties.virtual_key == "team-a");
  BOOST_TEST(read->reserved.value() == 5'000'000);
}

BOOST_AUTO_TEST_CASE(a_record_written_in_place_has_the_bytes_of_one_that_is_appended) {
  std::vector<std::int64_t> numbers = {INT64_MIN, INT64_MAX};
  for (int bits = 0; bits < 63; ++bits)
    for (const std::int64_t near : {-1, 0, 1})
      for (const std::int64_t sign : {1, -1}) numbers.push_back(sign * ((std::int64_t{1} << bits) + near));
  for (const std::size_t length : {0u, 1u, 31u, 32u, 255u, 256u, 65535u, 65536u}) {
    std::string appended;
    record_writer writer(appended, 3, 1);
    writer.list(length).text(std::string(length, 'x'));
    for (const auto number : numbers) writer.number(number);
    writer.number_or_nil({}).number_or_nil(5).bytes(std::string(16, 'b')).done();
    std::string placed(appended.size() + 100, '\0');
    record_bytes out(placed.data());
    out.list(4);
    out.number(1);
    if (length < 65536)
      out.list(length);
    else
      out.raw(std::string_view("\xdd\0\1\0\0", 5));                // longer lists stand in no record
    out.text(std::string(length, 'x'));
    for (const auto number : numbers) out.number(number);
    out.number_or_nil({});
    out.number_or_nil(5);
    out.bytes(std::string(16, 'b'));
    placed.resize(static_cast<std::size_t>(out.at() - placed.data()));
    append_checksum(placed, 0);
    BOOST_TEST((placed == appended), "of a text with " << length << " bytes");
  }
}

BOOST_AUTO_TEST_CASE(keys_sort_by_incarnation_and_number) {
  BOOST_TEST((row_id{"z", 1, 255}.key() < row_id{"a", 1, 256}.key()));
  BOOST_TEST((row_id{"z", 1, 256}.key() < row_id{"a", 2, 1}.key()));
}

BOOST_AUTO_TEST_CASE(every_changed_byte_is_noticed) {
  const auto row = sample();
  const auto bytes = encode(row);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 0x20);
    BOOST_TEST(!decode_row(row.id.key(), changed).has_value());
  }
}

BOOST_AUTO_TEST_CASE(bytes_with_a_right_checksum_are_not_trusted_either) {
  std::mt19937 random(6);
  for (int round = 0; round < test::rounds(20'000); ++round) {
    auto bytes = encode(sample());
    bytes.resize(bytes.size() - 4);
    for (int i = 0; i < 3; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    if (round % 5 == 0) bytes.resize(random() % bytes.size());
    const auto crc = crc32c(bytes);
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>((crc >> shift) & 0xff);
    (void)decode_row(sample().id.key(), bytes);   // the sanitizers watch
  }
  // array32 that claims four thousand million elements
  std::string bomb("\xdd\xff\xff\xff\xff", 5);
  const auto crc = crc32c(bomb);
  for (int shift = 0; shift < 32; shift += 8) bomb += static_cast<char>((crc >> shift) & 0xff);
  BOOST_TEST(!decode_row(sample().id.key(), bomb).has_value());
}

BOOST_AUTO_TEST_CASE(the_processors_checksum_is_the_tables) {
  std::mt19937 random(32);
  std::string bytes;
  for (int size = 0; size < 300; ++size) {
    BOOST_TEST(crc32c(bytes) == detail::crc32c_by_table(bytes));
    bytes += static_cast<char>(random());
  }
}

BOOST_AUTO_TEST_CASE(a_rows_hash_is_the_beginning_of_sha_256) {
  const auto hash = hash_of("a", "bc");           // FIPS 180-2, B.1
  const row_hash expected{0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23};
  BOOST_TEST((hash == expected));
}

BOOST_AUTO_TEST_CASE(a_later_version_is_refused_by_name) {
  auto bytes = encode(sample());
  bytes.resize(bytes.size() - 4);
  const auto one = bytes.find('\x01');            // behind the array's head
  BOOST_REQUIRE(one <= 3);
  bytes[one] = 2;
  const auto crc = crc32c(bytes);
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>((crc >> shift) & 0xff);
  const auto read = decode_row(sample().id.key(), bytes);
  BOOST_REQUIRE(!read);
  BOOST_TEST(read.failure().message.find("version 2") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_tag_that_is_no_utf8_does_not_spoil_the_exported_json) {
  auto row = sample();
  row.what.parties.tags = {{"a", "caf\xE9"}, {"b", "\xC3\xA9\xED\xA0\x80"}, {"c", "\xF0\x9F\x98\x80\xC0\xAF"}};
  std::string json;
  append_jsonl(json, row);
  const std::string unknown = "\xEF\xBF\xBD";
  BOOST_TEST(json.find("\"a\":\"caf" + unknown + "\",\"b\":\"\xC3\xA9" + unknown + unknown + unknown + "\",\"c\":\"\xF0\x9F\x98\x80" + unknown + unknown + "\"") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(exports_carry_the_same_columns) {
  std::string json, csv;
  append_jsonl(json, sample());
  append_csv(csv, sample());
  BOOST_TEST(json ==
             "{\"id\":\"yard-a/3/17\",\"request_id\":\"00000000-0000-0000-0000-000000000007\",\"attempt\":2,\"at\":\"2024-10-04T12:00:00.123456Z\","
             "\"node\":\"yard-a\",\"route\":\"auto\",\"provider\":\"openai\",\"model\":\"gpt-4o\",\"key\":\"key-1\",\"virtual_key\":\"team-a\","
             "\"tags\":{\"note\":\"a, \\\"b\\\"\\u000a\",\"team\":\"red\"},\"input_tokens\":100,\"output_tokens\":20,\"cached_tokens\":10,"
             "\"cost_usd\":\"0.000450000\",\"saved_usd\":\"-0.000000005\",\"outcome\":\"client_gone\",\"cache\":\"bypass\"}\n");
  BOOST_TEST(csv.find("\"{\"\"note\"\":\"\"a, \\\"\"b\\\"\"\\u000a\"\",\"\"team\"\":\"\"red\"\"}\"") != std::string::npos);
  BOOST_TEST(csv_head().substr(0, 24) == "id,request_id,attempt,at");
}

BOOST_AUTO_TEST_SUITE_END()
