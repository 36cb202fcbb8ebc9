// What following a stream holds in memory: a megabyte of text in 10,000 chunks, of every format for clients of every format.
#include "base/random.hpp"
#include "providers/packed_text.hpp"
#include "providers/translation.hpp"
#include "tests/providers/samples.hpp"
#include "tools/bench/provider_stream.hpp"

#include <algorithm>
#include <cstdlib>
#include <malloc.h>
#include <new>

// The sanitizers have an operator new of their own.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {

thread_local std::ptrdiff_t live_bytes = 0;
thread_local std::ptrdiff_t most_live_bytes = 0;

void* counted(void* memory) noexcept {
  if (memory != nullptr) most_live_bytes = std::max(most_live_bytes, live_bytes += static_cast<std::ptrdiff_t>(malloc_usable_size(memory)));
  return memory;
}
void* counted_or_throw(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return counted(memory);
}
void give_back(void* memory) noexcept {
  if (memory != nullptr) live_bytes -= static_cast<std::ptrdiff_t>(malloc_usable_size(memory));
  std::free(memory);
}
std::size_t rounded(std::size_t size, std::align_val_t to) { return (size + static_cast<std::size_t>(to) - 1) / static_cast<std::size_t>(to) * static_cast<std::size_t>(to); }

}  // namespace

void* operator new(std::size_t size) { return counted_or_throw(std::malloc(size)); }
void* operator new[](std::size_t size) { return counted_or_throw(std::malloc(size)); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return counted(std::malloc(size)); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return counted(std::malloc(size)); }
void* operator new(std::size_t size, std::align_val_t to) { return counted_or_throw(std::aligned_alloc(static_cast<std::size_t>(to), rounded(size, to))); }
void* operator new[](std::size_t size, std::align_val_t to) { return counted_or_throw(std::aligned_alloc(static_cast<std::size_t>(to), rounded(size, to))); }
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete[](void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { give_back(memory); }

using namespace switchyard;
using namespace switchyard::bench;

namespace {

constexpr std::size_t pieces = 10'000;
constexpr std::size_t piece_size = 105;

/// Text that packs as badly as text in JSON can: base64 of noise.
const std::string& noise() {
  static const std::string made = [] {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    random_source random(1);
    std::string out;
    while (out.size() < pieces * piece_size) out += digits[random.below(64)];
    return out;
  }();
  return made;
}

struct heard {
  std::ptrdiff_t held = 0;     // most live bytes while it lasted, beyond those before
  std::size_t written = 0;
  bool finished = false;
};

heard follow(const format& from, const format& to) {
  const providers::test::padded_body body(request_of(to));
  providers::operation_target target{.operation = to.operation};
  if (to.operation >= providers::api::generate_content) target.model = "small", target.stream = true;
  auto request = providers::ingress_of(to.operation).parse(target, body.view());
  BOOST_REQUIRE(request.has_value());
  providers::neutral_view asked(*request);
  BOOST_REQUIRE(asked.generation().has_value());
  config::provider_config provider;
  provider.name = "somebody";
  provider.wire = from.wire;
  provider.native_api = from.native;
  const provider_stream stream(from);
  const auto begin = stream.begin(), end = stream.end(noise());

  heard out;
  const auto before = most_live_bytes = live_bytes;
  const auto& wire = *providers::find_wire(from.wire);
  const auto decoder = &from == &to ? wire.open_stream(from.operation, false)
                                    : providers::translate_stream(*request, asked, wire, provider, {.request_id = "req", .model = "small"}, "");
  const auto take = [&](const providers::stream_step& first) {
    providers::take_all(*decoder, first, [&](const providers::stream_step& step) {
      for (const auto part : step.forward) out.written += part.size();
      out.finished |= step.finished;
      BOOST_REQUIRE(!step.problem.has_value());
    });
  };
  const auto feed = [&](std::string_view bytes) { take(decoder->feed(bytes)); };
  feed(begin);
  for (std::size_t i = 0; i < pieces; ++i) feed(stream.text(std::string_view(noise()).substr(i * piece_size, piece_size)));
  constexpr std::size_t read_size = 16u << 10;   // as it comes off a socket
  for (std::string_view rest = end; !rest.empty(); rest.remove_prefix(std::min(rest.size(), read_size))) feed(rest.substr(0, read_size));
  if (!out.finished) take(decoder->close());
  out.held = most_live_bytes - before;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(stream_memory)

/// The responses API repeats all text, four times: for its clients the text is held, packed, and so is a provider's event that is relayed
/// whole. Whoever translates it holds none of it.
BOOST_AUTO_TEST_CASE(a_megabyte_of_text_in_10000_chunks_is_not_gathered) {
  BOOST_TEST(providers::packing_memory() < 512u * 1024);   // once a thread; not seen by the count below
  BOOST_TEST_MESSAGE(providers::packing_memory() << " bytes for packing, once a thread");
  for (const auto& to : formats)
    for (const auto& from : formats) {
      const auto got = follow(from, to);
      const bool text_is_held = to.operation == providers::api::responses;
      const bool events_are_long = from.operation == providers::api::responses;
      BOOST_TEST_MESSAGE(from.name << " for a client of " << to.name << ": " << got.held << " bytes held, " << got.written << " written");
      BOOST_TEST_CONTEXT(from.name << " for a client of " << to.name) {
        BOOST_TEST(got.finished);
        BOOST_TEST(got.written > pieces * piece_size * (text_is_held ? 5 : 1));
        BOOST_TEST(got.held < (text_is_held ? 1'000'000 : events_are_long ? 256 * 1024 : 64 * 1024));
      }
    }
}

BOOST_AUTO_TEST_SUITE_END()

#endif
