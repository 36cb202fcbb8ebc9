// The simulator as a server on loopback: what crosses the socket when a fault is met.
#include "tests/net/loopback.hpp"
#include "tools/sim/provider.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(provider)

namespace json = boost::json;
namespace sy = switchyard::sim;

namespace {

class running_simulator {
 public:
  explicit running_simulator(sy::simulator_options options = {}) : thread_("test-sim") {
    switchyard::net::io_thread* const threads[] = {&thread_};
    it_ = std::make_unique<sy::simulated_provider>(threads, std::move(options));
    BOOST_REQUIRE(it_->start());
    thread_.start();
  }
  ~running_simulator() {
    it_->drain(switchyard::milliseconds(1000));
    thread_.stop();
    thread_.join();
  }

  /// Head and body as received, until the connection ends.
  std::string call(std::string_view method, const std::string& target, std::string_view body, std::string_view headers = {}) {
    switchyard::net::testing::raw_client client(it_->address().port);
    client.send(std::string(method) + " " + target + " HTTP/1.1\r\nhost: sim\r\nconnection: close\r\ncontent-length: " + std::to_string(body.size()) + "\r\n" + std::string(headers) + "\r\n" + std::string(body));
    return client.read_to_end();
  }

 private:
  switchyard::net::io_thread thread_;
  std::unique_ptr<sy::simulated_provider> it_;
};

struct wire_case {
  std::string_view target, body, headers;
  std::string_view ends;   ///< what only a whole stream has
};

const wire_case streams[] = {
    {"/v1/chat/completions", R"({"model":"m","stream":true,"messages":[{"role":"user","content":"Hello"}]})", "authorization: Bearer k\r\n", "[DONE]"},
    {"/v1/messages", R"({"model":"m","max_tokens":99,"stream":true,"messages":[{"role":"user","content":"Hello"}]})", "x-api-key: k\r\nanthropic-version: 2023-06-01\r\n", "message_stop"},
    {"/v1beta/models/m:streamGenerateContent?alt=sse&key=k", R"({"contents":[{"parts":[{"text":"Hello"}]}]})", "", "STOP"},
    {"/model/m/converse-stream", R"({"messages":[{"role":"user","content":[{"text":"Hello"}]}]})", "authorization: Bearer k\r\n", "metadata"},
    {"/v2/chat", R"({"model":"m","stream":true,"messages":[{"role":"user","content":"Hello"}]})", "authorization: Bearer k\r\n", "COMPLETE"},
};

}  // namespace

BOOST_AUTO_TEST_CASE(every_fault_is_met_in_every_wire_and_the_next_call_is_whole) {
  running_simulator sim;
  for (const wire_case& c : streams) {
    const auto meet = [&](const std::string& fault) {
      const std::string set = sim.call("PUT", "/sim/faults", R"({"faults":[{"next":1,)" + fault + "}]}");
      BOOST_REQUIRE(set.find("200 OK") != std::string::npos);
      return sim.call("POST", std::string(c.target), c.body, c.headers);
    };
    BOOST_TEST_CONTEXT(c.target) {
      const std::string whole = sim.call("POST", std::string(c.target), c.body, c.headers);
      BOOST_TEST(whole.find(c.ends) != std::string::npos);
      BOOST_TEST(meet(R"("kind":"status","status":503)").starts_with("HTTP/1.1 503"));
      BOOST_TEST(meet(R"("kind":"rate_limited")").starts_with("HTTP/1.1 429"));
      BOOST_TEST(meet(R"("kind":"unauthorized")").find("Incorrect API key provided: k.") != std::string::npos);
      BOOST_TEST(meet(R"("kind":"insufficient_quota")").starts_with("HTTP/1.1 4"));
      BOOST_TEST(meet(R"("kind":"malformed_json")").starts_with("HTTP/1.1 200"));
      BOOST_TEST(meet(R"("kind":"wrong_content_type")").find("text/html") != std::string::npos);
      const std::string broken = meet(R"("kind":"stream_error","after_events":2)");
      BOOST_TEST(broken.starts_with("HTTP/1.1 200"));
      BOOST_TEST(broken.find(c.ends) == std::string::npos);
      BOOST_TEST((broken.find("error") != std::string::npos || broken.find("Exception") != std::string::npos));
      const std::string truncated = meet(R"("kind":"truncate","after_events":2)");
      BOOST_TEST(truncated.find(c.ends) == std::string::npos);
      BOOST_TEST(truncated.ends_with("0\r\n\r\n"));
      BOOST_TEST(!meet(R"("kind":"reset","after_events":2)").ends_with("0\r\n\r\n"));
      BOOST_TEST(meet(R"("kind":"malformed_event","after_events":2)").find(c.ends) != std::string::npos);
      BOOST_TEST(meet(R"("kind":"drip","bytes":4096,"interval_ms":0)").find(c.ends) != std::string::npos);
      BOOST_TEST(sim.call("POST", std::string(c.target), c.body, c.headers).find(c.ends) != std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_key_and_the_tokens_of_every_wire_are_logged) {
  running_simulator sim;
  for (const wire_case& c : streams) (void)sim.call("POST", std::string(c.target), c.body, c.headers);
  const std::string log = sim.call("GET", "/sim/received", "");
  const json::value keys = json::parse(log.substr(log.find("\r\n\r\n") + 4)).at("keys");
  BOOST_REQUIRE(keys.as_object().contains("k"));
  BOOST_TEST(keys.as_object().size() == 1u);
  BOOST_TEST(keys.at("k").at("requests").to_number<std::size_t>() == std::size(streams));
  BOOST_TEST(keys.at("k").at("paths").as_object().size() == std::size(streams));
  BOOST_TEST(keys.at("k").at("input_tokens").to_number<int>() >= 4);
  BOOST_TEST(keys.at("k").at("output_tokens").to_number<int>() > 40);
}

BOOST_AUTO_TEST_CASE(a_script_is_put_shown_and_followed) {
  running_simulator sim;
  BOOST_TEST(sim.call("PUT", "/sim/script", R"({"steps":[{"text":"As scripted."}]})").find("200 OK") != std::string::npos);
  BOOST_TEST(sim.call("PUT", "/sim/script", R"({"steps":[{}]})").find("400 Bad Request") != std::string::npos);
  const std::string body = R"({"contents":[{"parts":[{"text":"Hello"}]}]})";
  BOOST_TEST(sim.call("POST", "/v1beta/models/m:generateContent?key=k", body).find("As scripted.") != std::string::npos);
  BOOST_TEST(sim.call("GET", "/sim/script", "").find(R"({"used":1,"left":0})") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(fast_answers_are_canned_in_every_wire) {
  running_simulator sim({.fast = true});
  for (const wire_case& c : streams) BOOST_TEST(sim.call("POST", std::string(c.target), c.body, c.headers).find(c.ends) != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
