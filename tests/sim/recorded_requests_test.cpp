// Requests that real providers took must not be refused here. Runs over recorded traffic beside the source tree, when it is there.
#include "tests/sim/probe.hpp"

#include <fstream>
#include <map>

BOOST_AUTO_TEST_SUITE(recorded_requests)

namespace json = boost::json;
namespace sy = switchyard::sim;
using namespace switchyard::sim::testing;

namespace {

/// The wire of a recorded URL, by its host; empty: none that is simulated.
std::string_view wire_of(std::string_view url) {
  if (url.find("googleapis.com") != std::string_view::npos) return url.find("/openai/") == std::string_view::npos ? "gemini" : "";
  if (url.find("api.anthropic.com") != std::string_view::npos) return "anthropic";
  if (url.find("amazonaws.com") != std::string_view::npos) return url.find("/converse") != std::string_view::npos ? "bedrock" : "";
  if (url.find("api.cohere.com/v2/") != std::string_view::npos) return "cohere";
  return url.find("api.openai.com") != std::string_view::npos ? "openai" : "";
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_real_providers_took_is_taken) {
  std::ifstream traffic(SWITCHYARD_SOURCE_DIR "/../shared/data/provider-traffic/provider-traffic-public.jsonl");
  if (!traffic) {
    BOOST_TEST_MESSAGE("skipped: no recorded traffic beside the source tree");
    return;
  }
  static const sy::model_list models;
  std::map<std::string, int, std::less<>> taken;
  std::string line;
  while (std::getline(traffic, line)) {
    const json::value recorded = json::parse(line);
    const json::object& request = recorded.at("request").as_object();
    const std::string url = text(request.at("url"));
    const std::string_view wire = wire_of(url);
    if (wire.empty() || !request.contains("json") || recorded.at("response").at("status").to_number<int>() != 200) continue;
    const std::size_t path = url.find('/', 8), query = std::min(url.find('?'), url.size());
    const std::string body = json::serialize(request.at("json"));
    const switchyard::header headers[] = {{"anthropic-version", "2023-06-01"}};
    const sy::call asked{"POST", std::string_view(url).substr(path, query - path), body, models, now, std::string_view(url).substr(std::min(query + 1, url.size())), headers};
    const sy::found_route found = sy::find_route(asked);
    BOOST_TEST_CONTEXT(text(recorded.at("id"))) {
      BOOST_REQUIRE(found.route != nullptr);
      BOOST_TEST(found.spoken->name == wire);
      const sy::reply r = found.route->answer(asked);
      // Recorded thoughts carry a real provider's signatures; here they are rightly wrong.
      const bool signature = r.body.find("signature") != std::string::npos;
      BOOST_TEST((r.status == 200 || signature), r.body);
    }
    ++taken[std::string(wire)];
  }
  for (const char* wire : {"openai", "anthropic", "gemini", "bedrock"}) BOOST_TEST(taken[wire] >= 20);
  BOOST_TEST(taken["cohere"] >= 5);
}

BOOST_AUTO_TEST_SUITE_END()
