#include "config/presets.hpp"

#include "config/addresses.hpp"
#include "config/load.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <set>
#include <string>

BOOST_AUTO_TEST_SUITE(presets)

using namespace switchyard::config;

namespace {

provider_config named(const std::string& name, const std::string& base_url = "") {
  provider_config provider;
  provider.name = name;
  provider.base_url = base_url;
  return provider;
}

std::string problems_of(const std::string& yaml) {
  const auto result = load_text(yaml, "test.yaml", [](const std::string&) { return std::optional<std::string>("value"); });
  std::string all;
  for (const auto& one : result.problems) all += one.to_string() + "\n";
  return all;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_row_is_usable) {
  std::set<std::string_view> names;
  for (const auto& preset : provider_presets()) {
    BOOST_TEST(names.insert(preset.name).second, preset.name << " stands there twice");
    BOOST_TEST(find_preset(preset.name) == &preset);
    BOOST_TEST(std::all_of(preset.name.begin(), preset.name.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }),
               preset.name);
    BOOST_TEST(std::all_of(preset.key_variable.begin(), preset.key_variable.end(),
                           [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }), preset.name);
    if (preset.base_url.empty()) {
      BOOST_TEST((!preset.base_url_form.empty() || preset.wire == wire_format::bedrock), preset.name << ": neither a URL nor its form");
    } else {
      BOOST_TEST(normalise_base_url(std::string(preset.base_url)).value() == preset.base_url, preset.name);
      BOOST_TEST(!preset.base_url.ends_with("/v1"), preset.name);
      BOOST_TEST((preset.base_url.starts_with("https://") || preset.base_url.starts_with("http://127.0.0.1:")), preset.name);
      BOOST_TEST(preset.base_url_form.empty(), preset.name);
    }
    if (preset.base_url.starts_with("http://127.0.0.1")) BOOST_TEST(preset.key_variable.empty(), preset.name);
  }
  BOOST_TEST(names.size() >= 40u);
  BOOST_TEST(find_preset("nobody") == nullptr);
}

BOOST_AUTO_TEST_CASE(no_two_rows_share_a_variable_or_an_endpoint) {
  std::set<std::string_view> variables, urls;
  for (const auto& preset : provider_presets()) {
    if (!preset.key_variable.empty()) BOOST_TEST(variables.insert(preset.key_variable).second, preset.name);
    if (!preset.base_url.empty()) BOOST_TEST(urls.insert(preset.base_url).second, preset.name);
  }
}

BOOST_AUTO_TEST_CASE(a_provider_is_recognised_by_name_then_by_host) {
  BOOST_TEST(preset_of(named("groq"))->name == "groq");
  BOOST_TEST(preset_of(named("groq", "https://example.org"))->name == "groq");
  BOOST_TEST(preset_of(named("fast", "https://api.groq.com/openai/v1"))->name == "groq");
  BOOST_TEST(preset_of(named("east", "https://east.openai.azure.com"))->name == "azure");
  BOOST_TEST(preset_of(named("east", "https://east.services.ai.azure.com/models"))->name == "azure");
  BOOST_TEST(preset_of(named("mine", "https://api.groq.com.example.org")) == nullptr);
  BOOST_TEST(preset_of(named("mine", "http://127.0.0.1:11434")) == nullptr);
  BOOST_TEST(preset_of(named("mine")) == nullptr);
}

BOOST_AUTO_TEST_CASE(members_of_openais_family_keep_their_quirks_under_any_name) {
  BOOST_TEST(family_row(nullptr).original);
  const auto azure = named("east", "https://east.openai.azure.com"), groq = named("fast", "https://api.groq.com/openai/v1"), mine = named("mine");
  BOOST_TEST(family_row(&azure).original);
  BOOST_TEST(!family_row(&groq).takes_stream_options);
  BOOST_TEST((family_row(&groq).thoughts == thoughts_field::none));
  BOOST_TEST(!family_row(&mine).original);
  BOOST_TEST((family_row(&mine).thoughts == thoughts_field::content));
}

BOOST_AUTO_TEST_CASE(the_responses_api_is_tried_where_nothing_is_known) {
  BOOST_TEST(has_responses_api(named("openai")));
  BOOST_TEST(!has_responses_api(named("mistral")));
  BOOST_TEST(has_responses_api(named("mine", "https://llm.example.org")));
  auto told = named("mine");
  told.responses_api = false;
  BOOST_TEST(!has_responses_api(told));
  told = named("mistral");
  told.responses_api = true;
  BOOST_TEST(has_responses_api(told));
  auto other = named("mine");
  other.wire = wire_format::anthropic;
  BOOST_TEST(!has_responses_api(other));
}

BOOST_AUTO_TEST_CASE(an_endpoint_that_everyone_has_their_own_of_is_asked_for) {
  const auto text = problems_of("providers: {azure: {keys: [{value: env.K}]}}");
  BOOST_TEST(text.find("providers.azure.base_url: is required: your own endpoint, such as https://RESOURCE.openai.azure.com") != std::string::npos, text);
  BOOST_TEST(problems_of("providers: {azure: {base_url: 'https://e.openai.azure.com', api_version: '2024-10-21', keys: [{value: env.K}]}}") == "");
  BOOST_TEST(problems_of("providers: {e: {base_url: 'https://e.openai.azure.com', api_version: 2024-10-21-preview, responses_api: false}}") == "");
}

BOOST_AUTO_TEST_CASE(an_api_version_elsewhere_is_a_mistake) {
  const auto text = problems_of("providers: {mistral: {api_version: '2024-10-21', keys: [{value: env.K}]}}");
  BOOST_TEST(text.find("providers.mistral.api_version: is for Azure only") != std::string::npos, text);
  BOOST_TEST(problems_of("providers: {azure: {base_url: 'https://e.openai.azure.com', api_version: 'a&b'}}").find("api_version") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
