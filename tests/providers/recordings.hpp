// The recorded provider traffic that stands beside the checkout, where it is there.
#pragma once

#include <boost/json.hpp>

#include <fstream>
#include <string>
#include <vector>

namespace switchyard::providers::test {

struct recording {
  std::string id;
  std::string provider;
  std::string url;
  std::string request;             ///< JSON text; "" when it was no JSON
  int status = 0;
  std::string body;                ///< as the provider sent it: JSON text, event stream or binary
  bool streamed = false;
};

[[nodiscard]] inline std::string decode_base64(std::string_view text) {
  static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const auto value = digits.find(c);
    if (value == std::string_view::npos) continue;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    if ((count += 6) >= 8) out += static_cast<char>(bits >> (count -= 8) & 0xff);
  }
  return out;
}

/// Empty: the data are not there.
[[nodiscard]] inline std::vector<recording> recordings() {
  std::ifstream in(std::string(SWITCHYARD_SOURCE_DIR) + "/../shared/data/provider-traffic/provider-traffic-public.jsonl");
  std::vector<recording> out;
  for (std::string line; std::getline(in, line);) {
    const auto row = boost::json::parse(line).as_object();
    const auto& request = row.at("request").as_object();
    const auto& response = row.at("response").as_object();
    recording next;
    next.id = row.at("id").as_string().c_str();
    next.provider = row.at("provider").as_string().c_str();
    next.url = request.at("url").as_string().c_str();
    if (const auto* body = request.if_contains("json")) next.request = boost::json::serialize(*body);
    next.status = boost::json::value_to<int>(response.at("status"));
    if (const auto* body = response.if_contains("json")) {
      next.body = boost::json::serialize(*body);
    } else if (const auto* text = response.if_contains("text")) {
      next.body = text->as_string().c_str();
      next.streamed = true;
    } else if (const auto* binary = response.if_contains("base64")) {
      next.body = decode_base64(binary->as_string());
      next.streamed = true;
    }
    out.push_back(std::move(next));
  }
  return out;
}

}  // namespace switchyard::providers::test
