#include "tools/sim/anthropic.hpp"
#include "tools/sim/bedrock.hpp"
#include "tools/sim/cohere.hpp"
#include "tools/sim/gemini.hpp"
#include "tools/sim/openai.hpp"
#include "tools/sim/wire.hpp"

#include <array>

namespace switchyard::sim {
namespace {

/// OpenAI's stands last: it claims whatever nobody else does.
std::array<const wire*, 5> all_wires() { return {&anthropic_wire(), &gemini_wire(), &bedrock_wire(), &cohere_wire(), &openai_wire()}; }

/// '*' stands for one or more characters.
bool matches(std::string_view pattern, std::string_view path) noexcept {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == path;
  if (path.size() <= star || path.substr(0, star) != pattern.substr(0, star)) return false;
  const std::string_view rest = pattern.substr(star + 1);
  for (std::size_t taken = star + 1; taken <= path.size(); ++taken) {
    if (matches(rest, path.substr(taken))) return true;
  }
  return false;
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

found_route find_route(const call& asked) noexcept {
  found_route found;
  for (const wire* each : all_wires()) {
    for (const wire_route& route : each->routes) {
      if (!route.only_with.empty() && asked.find(route.only_with).data() == nullptr) continue;
      if (!matches(route.path, asked.path)) continue;
      if (route.method == asked.method) return {each, &route, true};
      if (!found.known_path) found = {each, nullptr, true};
    }
  }
  if (found.spoken) return found;
  for (const wire* each : all_wires()) {
    if (each->claims(asked)) return {each, nullptr, false};
  }
  return {&openai_wire(), nullptr, false};
}

std::string_view usual_words(int status) noexcept {
  if (status == 401) return "The credential was not accepted.";
  if (status == 403) return "Access is denied.";
  if (status == 404) return "There is no such thing.";
  if (status == 429) return "Too many requests, please wait before trying again.";
  if (status == 503 || status == 529) return "Overloaded";
  return status >= 500 ? "The server had an error while processing your request." : "The request was refused.";
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low < 0) {
      out += text[i];
    } else {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

std::string query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    if (pair.substr(0, equals) == name) return equals == std::string_view::npos ? std::string() : percent_decoded(pair.substr(equals + 1));
  }
  return {};
}

}  // namespace switchyard::sim
