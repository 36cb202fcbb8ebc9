// What other nodes say: byte 0: the low bit whether the rest is a frame, as it comes off a link, or a message's body, whose kind byte 1 chooses among those
// known; what is read is written again the same. Registers' values, and cached answers, come in by the same door.
#include "cluster/cache_clears.hpp"
#include "cluster/dispatch.hpp"
#include "cluster/node_protocols.hpp"
#include "storage/answer_store.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace switchyard;
using namespace switchyard::cluster;
using namespace switchyard::fuzz;

namespace {

constexpr std::uint16_t kinds[] = {2, 3, 10, 11, 20, 21, 30, 31, 32, 33, 34, 40, 41, 50, 51, 52, 53, 54, 57, 58, 60, 61, 70, 71, 80, 81, 82};

/// A node among three that takes what comes; its journals are written at once.
struct listener {
  node_protocols::surroundings around() const {
    node_protocols::surroundings made;
    made.replay = [](const std::string&, const std::function<void(const std::string&)>&) {};
    made.validate = [](const std::string& text) { return std::string(text.empty() ? "empty" : ""); };
    made.period = [](const std::string&) { return std::int64_t{7}; };
    return made;
  }
  static protocol_options options() {
    protocol_options made;
    made.limits = {{"openai/key-1 rpm", 600}};
    made.budgets = {{"vk-1 day", 1'000'000'000, 1'000'000}};
    return made;
  }
  steady_time now = steady_time(std::chrono::hours(1));
  node_protocols node{"node-a", {"node-a", "node-b", "node-c"}, 7, options(), now, around()};

  void take(std::uint16_t kind, std::string_view body) {
    const auto taken = node.receive("node-b", static_cast<message_kind>(kind), body, now);
    if (!taken) require(!taken.failure().message.empty());
    for (int round = 0; round < 3; ++round) {
      now += milliseconds(20);
      for (const auto& [log, record] : node.take_records()) (void)node.written(log, record.number, now);
      (void)node.tick(now);
      for (const auto& mail : node.out.take()) {
        require(mail.body.size() <= longest_frame);
        if (mail.to == "node-a") (void)node.receive("node-a", mail.kind, mail.body, now);
      }
    }
  }
};

void written_again_the_same(std::uint16_t kind, std::string_view body) {
  const auto ended = dispatch(kind, body, [&](const auto& message) {
    const auto bytes = encode(message);
    const auto again = decode<std::decay_t<decltype(message)>>(bytes);
    require(again && encode(*again) == bytes);
  });
  if (ended && !*ended) require(!ended->failure().message.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  choices input(bytes, size);
  if ((input.byte() & 1) == 0) {
    const auto frame = open(input.rest());
    if (!frame) {
      require(!frame.failure().message.empty());
      return 0;
    }
    if (const auto said = decode<hello>(frame->body)) (void)accept(hello{"yard-1", "node-a", 7, 1, 1}, *said, "node-b");
    const auto sealed = seal(*frame);
    require(sealed.has_value());
    const auto again = open(*sealed);
    require(again && again->body == frame->body && again->kind == frame->kind);
    written_again_the_same(frame->kind, frame->body);
    return 0;
  }
  const auto kind = kinds[input.byte() % std::size(kinds)];
  const std::string body(input.rest());
  written_again_the_same(kind, body);
  (void)decode<cache_clear>(body);
  if (const auto kept = storage::decode_answer(std::string(17, 'a'), body)) require(storage::decode_answer(std::string(17, 'a'), storage::encode(*kept)).has_value());
  listener one;
  one.take(kind, body);
  return 0;
}
