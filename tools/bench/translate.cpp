// bench_translate [CLIENT PROVIDER EVENTS]: what one event of a stream costs, relayed as it comes and translated. In one process, one thread,
// no sockets. Without arguments every pair, the best of several runs; with them one pair once, for counting instructions (translate.py).
#include "providers/translation.hpp"
#include "tools/bench/provider_stream.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace {

using namespace switchyard;
using namespace switchyard::bench;
using clock_type = std::chrono::steady_clock;

struct client {
  explicit client(const format& what) : body(request_of(what)) {
    const auto size = body.size();
    body.append(64, ' ');
    providers::operation_target target{.operation = what.operation};
    if (what.operation >= providers::api::generate_content) target.model = "small", target.stream = true;
    auto read = providers::ingress_of(what.operation).parse(target, std::string_view(body).substr(0, size));
    if (!read) std::abort();
    request = std::move(*read);
    asked = std::make_unique<providers::neutral_view>(request);
  }
  std::string body;
  providers::api_request request;
  std::unique_ptr<providers::neutral_view> asked;
};

/// Bytes written for the client.
std::size_t run(const format& from, client& who, bool relay, std::size_t events) {
  config::provider_config provider;
  provider.name = "bench";
  provider.wire = from.wire;
  provider.native_api = from.native;
  const auto& wire = *providers::find_wire(from.wire);
  const providers::answer_context context{.request_id = "req", .model = "small", .created = 1735689600};
  const auto decoder = relay ? wire.open_stream(from.operation, false) : providers::translate_stream(who.request, *who.asked, wire, provider, context, "");
  const provider_stream stream(from);
  std::string whole;
  for (std::size_t i = 0; i < 50; ++i) whole += " token";
  const auto begin = stream.begin(), text = stream.text(" token"), end = stream.end(whole);
  std::size_t written = 0;
  const auto feed = [&](std::string_view bytes) {
    providers::take_all(*decoder, decoder->feed(bytes), [&](const providers::stream_step& step) {
      for (const auto piece : step.forward) written += piece.size();
    });
  };
  if (!begin.empty()) feed(begin);
  for (std::size_t i = 0; i < events; ++i) feed(text);
  feed(end);
  return written;
}

double best_ns(const format& from, client& who, bool relay) {
  constexpr std::size_t events = 4000;
  double best = 1e18;
  for (int turn = 0; turn < 15; ++turn) {
    const auto begin = clock_type::now();
    if (run(from, who, relay, events) == 0) std::abort();
    best = std::min(best, std::chrono::duration<double, std::nano>(clock_type::now() - begin).count() / static_cast<double>(events));
  }
  return best;
}

const format* find(std::string_view name) {
  const auto* at = std::find_if(formats.begin(), formats.end(), [&](const auto& each) { return each.name == name; });
  return at == formats.end() ? nullptr : at;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4) {
    const auto *to = find(argv[1]), *from = find(argv[2]);
    if (to == nullptr || from == nullptr) return 2;
    client who(*to);
    std::printf("%zu bytes\n", run(*from, who, to == from, std::strtoul(argv[3], nullptr, 10)));
    return 0;
  }
  std::printf("ns per event; in brackets: times the relay of the client's own format\n%-16s", "client");
  for (const auto& from : formats) std::printf("%22s", std::string(from.name).c_str());
  std::printf("\n");
  for (const auto& to : formats) {
    client who(to);
    const double own = best_ns(to, who, true);
    std::printf("%-16s", std::string(to.name).c_str());
    for (const auto& from : formats) {
      const double ns = &from == &to ? own : best_ns(from, who, false);
      std::printf("%12.0f (%5.2f)  ", ns, ns / own);
    }
    std::printf("\n");
  }
}
