#include "tools/sim/schema_value.hpp"

#include "tools/sim/prose.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cmath>
#include <string>

namespace switchyard::sim {
namespace {

namespace json = boost::json;

constexpr int optional_depth = 12;   // deeper, optional properties are left out, so that recursive schemas end
constexpr int deepest = 40;

class value_maker {
 public:
  value_maker(const json::value& root, std::string_view prompt, random_source& random)
      : root_(root), prompt_(prompt), words_(content_words(prompt)), random_(random) {}

  json::value make(const json::value& schema, std::string_view name, int depth) {
    if (depth > deepest || !schema.is_object()) return nullptr;
    const json::object& s = schema.get_object();
    if (const json::value* ref = s.if_contains("$ref"); ref && ref->is_string()) return make(resolve(ref->get_string()), name, depth + 1);
    if (const json::value* fixed = s.if_contains("const")) return *fixed;
    if (const json::value* choices = s.if_contains("enum"); choices && choices->is_array() && !choices->get_array().empty()) {
      return choose(choices->get_array());
    }
    for (const char* key : {"anyOf", "oneOf"}) {
      if (const json::value* options = s.if_contains(key); options && options->is_array()) return make(pick_option(options->get_array(), depth), name, depth + 1);
    }
    if (const json::value* parts = s.if_contains("allOf"); parts && parts->is_array()) return make(merge(s, parts->get_array()), name, depth + 1);
    const std::string type = type_of(s);
    if (type == "object") return make_object(s, depth);
    if (type == "array") return make_array(s, name, depth);
    if (type == "integer") return static_cast<std::int64_t>(make_number(s, true));
    if (type == "number") return make_number(s, false);
    if (type == "boolean") return random_.below(2) == 1;
    if (type == "null") return nullptr;
    return json::value(make_string(s, name));
  }

 private:
  static std::string type_of(const json::object& s) {
    const json::value* type = s.if_contains("type");
    if (type && type->is_string()) return std::string(type->get_string());
    if (type && type->is_array()) {
      for (const json::value& t : type->get_array()) {
        if (t.is_string() && t.get_string() != "null") return std::string(t.get_string());
      }
      return "null";
    }
    if (s.contains("properties")) return "object";
    if (s.contains("items")) return "array";
    return "string";
  }

  const json::value& resolve(std::string_view ref) const {
    static const json::value none;
    if (ref == "#") return root_;
    if (!ref.starts_with("#/")) return none;
    boost::system::error_code failed;
    const json::value* found = root_.find_pointer(json::string_view(ref.data() + 1, ref.size() - 1), failed);
    return found ? *found : none;
  }

  /// The first option that is not null; deep down, null where it is allowed.
  const json::value& pick_option(const json::array& options, int depth) const {
    static const json::value none;
    const json::value* picked = nullptr;
    for (const json::value& option : options) {
      const json::value* type = option.is_object() ? option.get_object().if_contains("type") : nullptr;
      const bool is_null = type && type->is_string() && type->get_string() == "null";
      if (is_null && depth > optional_depth) return option;
      if (!is_null && !picked) picked = &option;
    }
    return picked ? *picked : (options.empty() ? none : options.front());
  }

  json::value merge(const json::object& base, const json::array& parts) const {
    json::object merged = base;
    merged.erase("allOf");
    for (const json::value& part : parts) {
      const json::value* target = &part;
      if (part.is_object() && part.get_object().contains("$ref")) target = &resolve(part.at("$ref").as_string());
      if (!target->is_object()) continue;
      for (const auto& [key, value] : target->get_object()) {
        json::value* have = merged.if_contains(key);
        if (have && have->is_object() && value.is_object()) {
          for (const auto& inner : value.get_object()) have->get_object()[inner.key()] = inner.value();
        } else if (have && have->is_array() && value.is_array()) {
          for (const json::value& item : value.get_array()) have->get_array().push_back(item);
        } else {
          merged[key] = value;
        }
      }
    }
    return merged;
  }

  /// A choice that the prompt names, else one drawn.
  json::value choose(const json::array& choices) {
    for (const json::value& choice : choices) {
      if (choice.is_string() && mentions(prompt_, choice.get_string())) return choice;
    }
    return choices[random_.below(choices.size())];
  }

  json::value make_object(const json::object& s, int depth) {
    json::object made;
    const json::value* properties = s.if_contains("properties");
    const json::value* required = s.if_contains("required");
    const auto is_required = [&](std::string_view name) {
      if (!required || !required->is_array()) return false;
      const json::array& names = required->get_array();
      return std::any_of(names.begin(), names.end(), [&](const json::value& n) { return n.is_string() && std::string_view(n.get_string()) == name; });
    };
    if (properties && properties->is_object()) {
      for (const auto& property : properties->get_object()) {
        if (depth > optional_depth && !is_required(property.key())) continue;
        made[property.key()] = make(property.value(), property.key(), depth + 1);
      }
    } else if (const json::value* extra = s.if_contains("additionalProperties"); extra && extra->is_object() && depth <= optional_depth) {
      made[next_word()] = make(*extra, "", depth + 1);
    }
    return made;
  }

  json::value make_array(const json::object& s, std::string_view name, int depth) {
    json::array made;
    if (const json::value* head = s.if_contains("prefixItems"); head && head->is_array()) {
      for (const json::value& item : head->get_array()) made.push_back(make(item, name, depth + 1));
    }
    const auto least = static_cast<std::size_t>(number_of(s, "minItems", 0));
    const auto most = static_cast<std::size_t>(number_of(s, "maxItems", 1000));
    const std::size_t wanted = std::min(most, std::max(least, depth > optional_depth ? least : std::max(made.size(), std::size_t{2})));
    const json::value* items = s.if_contains("items");
    const json::value any_text = json::object{{"type", "string"}};
    while (made.size() < wanted) made.push_back(make(items && items->is_object() ? *items : any_text, name, depth + 1));
    return made;
  }

  static double number_of(const json::object& s, std::string_view key, double otherwise) {
    const json::value* v = s.if_contains(key);
    return v && v->is_number() ? v->to_number<double>() : otherwise;
  }

  double make_number(const json::object& s, bool whole) {
    const double step = number_of(s, "multipleOf", whole ? 1 : 0.5);
    double low = number_of(s, "minimum", number_of(s, "exclusiveMinimum", -1e308));
    double high = number_of(s, "maximum", number_of(s, "exclusiveMaximum", 1e308));
    if (low < -1e300) low = high > 0 && high < 1e300 ? std::min(0.0, high) : (high >= 1e300 ? 0 : high - 100 * step);
    if (high > 1e300) high = low + 100 * step;
    if (s.contains("exclusiveMinimum")) low += whole ? 1 : (high - low) / 1000;
    if (s.contains("exclusiveMaximum")) high -= whole ? 1 : (high - low) / 1000;
    const double first = std::ceil(low / step - 1e-9) * step;
    if (first > high) return low;
    const auto steps = static_cast<std::uint64_t>(std::min(100.0, std::floor((high - first) / step)));
    return first + static_cast<double>(random_.below(steps + 1)) * step;
  }

  std::string next_word() {
    if (words_.empty()) return "yard";
    return words_[word_++ % words_.size()];
  }

  std::string make_string(const json::object& s, std::string_view name) {
    std::string text;
    if (const json::value* format = s.if_contains("format"); format && format->is_string()) text = formatted(format->get_string());
    if (text.empty()) text = name_in(prompt_, name);
    if (text.empty()) text = next_word();
    const auto least = static_cast<std::size_t>(number_of(s, "minLength", 0));
    const auto most = static_cast<std::size_t>(number_of(s, "maxLength", 1e6));
    while (text.size() < least) text.append(1, ' ').append(next_word());
    if (text.size() > most) text.resize(most);
    return text;
  }

  static std::string formatted(std::string_view format) {
    if (format == "date") return "2025-01-31";
    if (format == "date-time") return "2025-01-31T12:00:00Z";
    if (format == "time") return "12:00:00Z";
    if (format == "email") return "someone@example.com";
    if (format == "uri") return "https://example.com/";
    if (format == "uuid") return "00000000-0000-4000-8000-000000000000";
    if (format == "ipv4") return "192.0.2.1";
    return {};
  }

  const json::value& root_;
  std::string_view prompt_;
  std::vector<std::string> words_;
  std::size_t word_ = 0;
  random_source& random_;
};

}  // namespace

json::value make_value(const json::value& schema, std::string_view prompt, random_source& random) {
  return value_maker(schema, prompt, random).make(schema, "", 0);
}

}  // namespace switchyard::sim
