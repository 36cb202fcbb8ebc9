// What following a stream holds in memory: a megabyte of text in 10,000 chunks, of every format for clients of every format.
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
constexpr std::ptrdiff_t mebibyte = 1 << 20;

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
  const provider_stream stream(from, std::string(piece_size, 'x'));
  const auto begin = stream.begin(), text = stream.text(), end = stream.end(pieces);

  heard out;
  const auto before = most_live_bytes = live_bytes;
  const auto& wire = *providers::find_wire(from.wire);
  const auto decoder = &from == &to ? wire.open_stream(from.operation, false)
                                    : providers::translate_stream(*request, asked, wire, provider, {.request_id = "req", .model = "small"}, "");
  const auto feed = [&](std::string_view bytes) {
    const auto& step = decoder->feed(bytes);
    for (const auto part : step.forward) out.written += part.size();
    out.finished |= step.finished;
    BOOST_REQUIRE(!step.problem.has_value());
  };
  feed(begin);
  for (std::size_t i = 0; i < pieces; ++i) feed(text);
  constexpr std::size_t read_size = 16u << 10;   // as it comes off a socket
  for (std::string_view rest = end; !rest.empty(); rest.remove_prefix(std::min(rest.size(), read_size))) feed(rest.substr(0, read_size));
  if (!out.finished) out.finished = decoder->close().finished;
  out.held = most_live_bytes - before;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(stream_memory)

/// The responses API repeats all text: as a client's format it makes us hold the text, once; as a provider's it sends it in one event,
/// which is held until it is whole.
BOOST_AUTO_TEST_CASE(a_megabyte_of_text_in_10000_chunks_is_not_gathered) {
  for (const auto& to : formats)
    for (const auto& from : formats) {
      const auto got = follow(from, to);
      const bool text_is_held = to.operation == providers::api::responses && &from != &to;
      const bool text_comes_whole = from.operation == providers::api::responses;
      BOOST_TEST_MESSAGE(from.name << " for a client of " << to.name << ": " << got.held << " bytes held, " << got.written << " written");
      BOOST_TEST_CONTEXT(from.name << " for a client of " << to.name) {
        BOOST_TEST(got.finished);
        BOOST_TEST(got.written > pieces * piece_size);
        const auto text = static_cast<std::ptrdiff_t>(pieces * piece_size);
        BOOST_TEST(got.held < 64 * 1024 + (text_is_held ? text : 0) + (text_comes_whole ? 4 * mebibyte : 0));
      }
    }
}

BOOST_AUTO_TEST_SUITE_END()

#endif
