// The recorded corpus of version 1: what this build writes and what it reads must stay these bytes, so that it talks with the build before it.
#include "base/random.hpp"
#include "cluster/dispatch.hpp"
#include "tests/cluster/support.hpp"
#include "tests/support/rounds.hpp"

#include <fstream>
#include <map>
#include <set>
#include <thread>

BOOST_AUTO_TEST_SUITE(golden_bytes)

using namespace switchyard;
using namespace switchyard::cluster;
using namespace switchyard::cluster::testing;

namespace {

std::string hex(std::string_view bytes) {
  std::string out;
  for (const unsigned char c : bytes) out += {"0123456789abcdef"[c >> 4], "0123456789abcdef"[c & 15]};
  return out;
}

std::string unhex(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) out += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  return out;
}

// NAME KIND HEX
std::map<std::string, std::pair<int, std::string>> corpus(const std::string& file) {
  std::map<std::string, std::pair<int, std::string>> lines;
  std::ifstream in(std::string(SWITCHYARD_SOURCE_DIR) + "/tests/golden/cluster/" + file);
  for (std::string name, kind, bytes; in >> name >> kind >> bytes;) lines[name] = {std::stoi(kind), unhex(bytes)};
  return lines;
}

struct golden {
  std::map<std::string, std::pair<int, std::string>> lines = corpus("v1.txt");
  std::set<int> kinds;

  template <class Message>
  void check(const std::string& name, const Message& sample) {
    const auto kind = static_cast<int>(Message::kind);
    const auto line = lines.find(name);
    const auto& recorded = line == lines.end() ? std::string() : line->second.second;
    BOOST_TEST(hex(encode(sample)) == hex(recorded), name << " " << kind << " " << hex(encode(sample)));
    if (recorded.empty()) return;
    BOOST_TEST(line->second.first == kind);
    kinds.insert(kind);
    const auto read = decode<Message>(recorded);
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST(hex(encode(*read)) == hex(recorded));
    // The next version may append a field.
    auto longer = recorded;
    BOOST_REQUIRE((static_cast<unsigned char>(longer[0]) & 0xf0) == 0x90);
    ++longer[0];
    const auto later = decode<Message>(longer + '\x07');
    BOOST_REQUIRE(later.has_value());
    BOOST_TEST(hex(encode(*later)) == hex(recorded));
  }
};

config_version version_nine() { return {9, std::string(32, '\x5a')}; }

template <class... Message>
std::size_t count(message_list<Message...>) {
  return sizeof...(Message);
}

}  // namespace

BOOST_AUTO_TEST_CASE(version_1_is_written_and_read_as_recorded) {
  golden g;
  g.check("hello", hello{"yard-1", "node-a", 7, 1, 1});
  g.check("unsupported", unsupported{4711, 1});
  const std::vector<member_view> views = {{"node-b", member_state::suspect, 3}, {"node-c", member_state::forgotten, 1ULL << 40}};
  g.check("heartbeat", heartbeat{7, 300, false, views});
  g.check("heartbeat_answer", heartbeat_answer{7, 300, true, {}, 1500});
  g.check("lease_request", lease_request{63, 7, 70000, 8, 1234567890123, {{"openai/key-1 rpm", 12, 3, 1, 2, {}}, {"openai/key-1 tpm", 0, 0, 0, 0, 40000}}});
  g.check("lease_grant", lease_grant{63, 7, 70000, 8, 1234567890124, {{"openai/key-1 rpm", 12}}});
  const escrow_pool_name pool{"vk-1 day", 20783};
  g.check("escrow_request", escrow_request{pool, {7, 2}, {6, 99}, 150'000'000});
  g.check("escrow_grant", escrow_grant{pool, {7, 2}, 200'000'000, false});
  g.check("escrow_return", escrow_return{pool, {7, 3}, 50'000'000});
  g.check("escrow_returned", escrow_returned{pool, {7, 3}});
  g.check("escrow_recall", escrow_recall{pool});
  g.check("register_delta", register_delta{"node-a", 7, 40, 42, {{"fact/openai/key-1", 41, milliseconds(7000), std::string("\x91\x00", 2)}, {"breaker/openai/key-1", 42, {}, "\x91\x01"}}});
  g.check("register_digest", register_digest{{{"node-a", 7, 42}, {"node-b", 3, 0}}, true});
  config_stage stage;
  stage.version = version_nine();
  stage.base = {8, std::string(32, '\x11')};
  stage.text = "server: {}\n";
  g.check("config_stage", stage);
  config_staged staged;
  staged.version = version_nine();
  staged.why_not = "1:1: unknown section";
  staged.committed = {8, std::string(32, '\x11')};
  g.check("config_staged", staged);
  g.check("config_committed", config_committed{version_nine()});
  g.check("config_fetch", config_fetch{version_nine()});
  g.check("config_text", config_text{version_nine(), "server: {}\n"});
  g.check("record_digest", record_digest{std::vector<std::uint64_t>(64, 5), true});
  g.check("record_list", record_list{{{"team-a", 3, "node-b", false, std::string("\x91\x00", 2)}, {"team-b", 1, "node-a", true, ""}}});
  g.check("shipped_rows", shipped_rows{7, 513, {"row", std::string("\x00\xff", 2)}});
  g.check("shipped_run", shipped_run{7, 513, 2, "packed"});
  g.check("shipped_answer", shipped_answer{7, 1, 514});
  g.check("introductions", introductions{{{"node-a", 7, "10.0.0.1:8082", "0.1.0"}, {"node-b", 3, "", ""}}, {{"node-c", 1ULL << 40}}});
  g.check("admin_ask", admin_ask{9, "GET", "/admin/v1/spend?by=model", ""});
  g.check("admin_said", admin_said{9, 200, "{}", 1, 2});
  const std::string hash(16, '\x7a');
  g.check("cache_lookup", cache_lookup{5, hash, std::string(16, '\x11'), "What is the best way to learn French?", std::string("\x00\x00\x80\x3f", 4), 0x3f666666, true});
  g.check("cache_answer", cache_answer{5, cache_result::alike, hash, 0x3f733333, 0x3d4ccccd, "record"});
  g.check("cache_store", cache_store{hash, "record", milliseconds(3'600'000), "chat_completions", cache_judgement{0x3f847ae147ae147b, 0x3fa999999999999a, 0x3fe0000000000000, hash, 0x3f733333, 0x3f800000}});
  BOOST_TEST(g.kinds.size() == count(all_messages{}) + 1);      // and hello
  BOOST_TEST(g.lines.size() == g.kinds.size());
}

BOOST_AUTO_TEST_CASE(an_answer_of_the_build_before_this_one_is_read) {
  const auto read = decode<heartbeat_answer>(unhex("9407cd012cc390"));
  BOOST_REQUIRE(read.has_value());
  BOOST_TEST(read->seq == 300u);
  BOOST_TEST(read->leaving);
  BOOST_TEST(read->waited_us == 0u);
}

BOOST_AUTO_TEST_CASE(a_frame_is_as_recorded) {
  const auto frame = seal(wrap(escrow_recall{{"vk-1 day", 20783}}, 1));
  BOOST_REQUIRE(frame.has_value());
  BOOST_TEST(hex(*frame) == "930122c40f9192c408766b2d3120646179cd512f");
}

BOOST_AUTO_TEST_CASE(damaged_messages_are_read_or_refused_and_nothing_else) {
  random_source random(1);
  int read = 0, refused = 0, unknown = 0;
  const auto damage = [&](std::uint16_t kind, const std::string& whole) {
    for (int i = 0; i < test::rounds(2000); ++i) {
      auto bytes = whole;
      for (auto changes = 1 + random.below(3); changes > 0; --changes) {
        const auto at = random.below(bytes.size());
        switch (random.below(3)) {
          case 0: bytes[at] = static_cast<char>(random.next()); break;
          case 1: bytes.erase(at, 1 + random.below(4)); break;
          default: bytes.insert(at, 1, static_cast<char>(random.next())); break;
        }
        if (bytes.empty()) bytes = "x";
      }
      const auto ended = dispatch(kind, bytes, [](const auto&) {});
      ++(!ended.has_value() ? unknown : ended->has_value() ? read : refused);
    }
  };
  for (const auto& [name, line] : corpus("v1.txt")) {
    if (name == "hello") continue;
    // A thread each: AddressSanitizer keeps frames that exceptions have unwound until their thread ends, and all that comes after them
    // would search what is left for room at every call.
    std::thread(damage, static_cast<std::uint16_t>(line.first), line.second).join();
  }
  BOOST_TEST(unknown == 0);
  BOOST_TEST(read > 0);
  BOOST_TEST(refused > read);
}

BOOST_AUTO_TEST_CASE(kinds_that_are_not_known_here_are_told_apart_from_broken_bytes) {
  int handled = 0;
  const auto count_it = [&](const auto&) { ++handled; };
  BOOST_TEST(!dispatch(4711, "anything", count_it).has_value());
  // The build before this one still says these two; nothing else may ever have their numbers.
  BOOST_TEST(!dispatch(55, encode(unsupported{}), count_it).has_value());
  BOOST_TEST(!dispatch(56, encode(unsupported{}), count_it).has_value());
  const auto broken = dispatch(10, "\x91", count_it);
  BOOST_REQUIRE(broken.has_value());
  BOOST_TEST(!broken->has_value());
  BOOST_TEST(dispatch(2, encode(unsupported{1, 1}), count_it)->has_value());
  BOOST_TEST(handled == 1);
}

BOOST_AUTO_TEST_SUITE_END()
