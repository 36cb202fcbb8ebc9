#include "routing/category_model.hpp"

#include "providers/json_document.hpp"
#include "providers/json_scan.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <memory>
#include <numeric>

namespace switchyard::routing {

namespace json = providers::json;

namespace {

constexpr std::string_view kind = "switchyard category model";
constexpr std::size_t largest_file = 64u << 20;
constexpr std::size_t most_categories = 1'000;

error broken(const std::string& why) { return internal_error("this is no category model: " + why); }

bool to_number(std::string_view text, float& into) noexcept {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), into);
  return failure == std::errc{} && end == text.data() + text.size() && std::isfinite(into);
}

void append_number(std::string& to, float value) {
  char digits[32];
  to.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

}  // namespace

result<category_model> category_model::load(const std::string& path, std::size_t dimensions) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file) return internal_error("the category model " + path + " cannot be opened");
  std::string text;
  char buffer[64 * 1024];
  while (text.size() <= largest_file) {
    const auto n = std::fread(buffer, 1, sizeof buffer, file.get());
    text.append(buffer, n);
    if (n < sizeof buffer) break;
  }
  if (std::ferror(file.get()) != 0 || text.size() > largest_file) return internal_error("the category model " + path + " cannot be read, or is above 64 MiB");
  auto made = read(text, dimensions);
  if (!made) made.failure().message = path + ": " + made.failure().message;
  return made;
}

result<category_model> category_model::read(std::string_view text, std::size_t dimensions) {
  json::document document;
  if (!document.parse_copy(text)) return broken(document.fault());
  if (json::find(text, "kind") != "\"" + std::string(kind) + "\"") return broken("its kind is not \"" + std::string(kind) + "\"");
  if (json::as_count(json::find(text, "version")) != 1) return broken("this build reads version 1");
  if (json::as_count(json::find(text, "dimensions")) != static_cast<std::int64_t>(dimensions))
    return broken("it was trained with another embedding: train it anew with this one's " + std::to_string(dimensions) + " dimensions");
  std::vector<category> categories;
  json::elements each(json::find(text, "categories"));
  for (std::string_view one; each.next(one);) {
    category made;
    made.name = json::unescape(json::find(one, "name"));
    const auto at = "category " + std::to_string(categories.size() + 1);
    if (made.name.empty()) return broken(at + " has no name");
    if (!to_number(json::find(one, "threshold"), made.threshold) || !to_number(json::find(one, "bias"), made.bias))
      return broken(at + " needs a threshold and a bias");
    json::elements weights(json::find(one, "weights"));
    for (std::string_view weight; weights.next(weight);)
      if (!to_number(weight, made.weights.emplace_back())) return broken(at + " has a weight that is no number");
    if (made.weights.size() != dimensions) return broken(at + " needs " + std::to_string(dimensions) + " weights");
    categories.push_back(std::move(made));
    if (categories.size() > most_categories) return broken("at most " + std::to_string(most_categories) + " categories are allowed");
  }
  if (categories.size() < 2) return broken("it needs at least two categories");
  return category_model(std::move(categories));
}

std::string category_model::write() const {
  std::string out = "{\"kind\":\"" + std::string(kind) + "\",\"version\":1,\"dimensions\":" + std::to_string(categories_.at(0).weights.size()) +
                    ",\"categories\":[\n";
  for (std::size_t i = 0; i < categories_.size(); ++i) {
    const auto& one = categories_[i];
    out += i == 0 ? "{\"name\":" : ",\n{\"name\":";
    json::append_string(out, one.name);
    append_number(out += ",\"threshold\":", one.threshold);
    append_number(out += ",\"bias\":", one.bias);
    out += ",\"weights\":[";
    for (std::size_t j = 0; j < one.weights.size(); ++j) append_number(out += j == 0 ? "" : ",", one.weights[j]);
    out += "]}";
  }
  return out + "\n]}\n";
}

std::optional<std::size_t> category_model::find(std::string_view name) const noexcept {
  const auto found = std::find_if(categories_.begin(), categories_.end(), [&](const category& one) { return one.name == name; });
  if (found == categories_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - categories_.begin());
}

void category_model::probabilities(std::span<const float> vector, std::span<float> out) const noexcept {
  float most = -INFINITY;
  for (std::size_t i = 0; i < categories_.size(); ++i) {
    const auto& one = categories_[i];
    out[i] = std::inner_product(one.weights.begin(), one.weights.end(), vector.begin(), one.bias);
    most = std::max(most, out[i]);
  }
  float sum = 0;
  for (float& one : out) sum += one = std::exp(one - most);
  for (float& one : out) one /= sum;
}

}  // namespace switchyard::routing
