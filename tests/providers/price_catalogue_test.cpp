#include "providers/price_catalogue.hpp"

#include "config/presets.hpp"
#include "providers/price_texts.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace switchyard;
using namespace switchyard::providers;

namespace {

constexpr std::int64_t usd = 1'000'000'000;

config::provider_config named(const std::string& name, const std::string& base_url = "") {
  config::provider_config provider;
  provider.name = name;
  provider.base_url = base_url;
  return provider;
}

model_prices simple(std::int64_t input, std::int64_t output) {
  model_prices out;
  out.input = input * usd;
  out.output = output * usd;
  return out;
}

/// Every line of a text, without comments.
template <class Each>
void for_each_line(std::string_view text, Each each) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    BOOST_REQUIRE(end != std::string_view::npos);
    if (!text.starts_with('#')) each(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(price_catalogue)

BOOST_AUTO_TEST_CASE(a_listed_name_has_its_own_prices) {
  const auto known = catalogue_prices("openai", "gpt-4o");
  BOOST_TEST(known.input.value() == 2'500'000'000);
  BOOST_TEST(known.output.value() == 10'000'000'000);
  BOOST_TEST(known.cached_input.value() == 1'250'000'000);
  BOOST_TEST(!known.audio_input);
  BOOST_TEST(catalogue_prices("openai", "gpt-4o-mini").input.value() == 150'000'000);
  BOOST_TEST(catalogue_prices("openai", "gpt-4o-mini-realtime-preview").audio_output.value() == 20 * usd);
}

BOOST_AUTO_TEST_CASE(names_are_compared_without_case) {
  BOOST_TEST(catalogue_prices("openai", "GPT-4o").input.value() == 2'500'000'000);
}

BOOST_AUTO_TEST_CASE(what_is_not_listed_is_unknown_and_never_free) {
  BOOST_TEST(!catalogue_prices("openai", "no-such-model").known());
  BOOST_TEST(!catalogue_prices("openai", "").known());
  BOOST_TEST(!catalogue_prices("openai", std::string(5000, 'x')).known());
  BOOST_TEST(!catalogue_prices("nobody", "gpt-4o").known());
  BOOST_TEST(!catalogue_prices("", "gpt-4o").known());
  BOOST_TEST(!catalogue_prices("openai", "gpt-4").per_image);
  BOOST_TEST(!catalogue_prices("mistral", "devstral-small:free").known(), "listed without a price");
}

BOOST_AUTO_TEST_CASE(every_listed_name_is_found_with_the_prices_of_its_line) {
  std::size_t names = 0;
  std::string before;
  for_each_line(exact_price_text, [&](std::string_view line) {
    BOOST_REQUIRE_MESSAGE(before < line, "not sorted: " << line);
    before = line;
    const auto first = line.find('\t'), second = line.find('\t', first + 1);
    BOOST_REQUIRE(second != std::string_view::npos);
    const auto prices = line.substr(second + 1);
    const auto found = catalogue_prices(line.substr(0, first), line.substr(first + 1, second - first - 1));
    BOOST_REQUIRE_MESSAGE(found.known() || prices.find_first_of("ioqaP") == std::string_view::npos, line);
    if (prices.starts_with('i')) BOOST_REQUIRE_MESSAGE(found.input, line);
    BOOST_REQUIRE_MESSAGE((found.tiers[0].above > 0) == (prices.find('>') != std::string_view::npos), line);
    if (found.input) BOOST_REQUIRE_MESSAGE(*found.input >= 0 && *found.input < 1'000'000 * usd, line);
    ++names;
  });
  BOOST_TEST(names > 3000u);
}

BOOST_AUTO_TEST_CASE(other_names_follow_the_catalogues_patterns) {
  const auto sonnet = catalogue_prices("anthropic", "claude-sonnet-4-5");
  BOOST_TEST(sonnet.input.value() == 3 * usd);
  BOOST_TEST(catalogue_prices("anthropic", "claude-sonnet-4-5-20990101").input.value() == 3 * usd, "starts with");
  BOOST_TEST(catalogue_prices("aws", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0").known(), "contains");
  BOOST_TEST(!catalogue_prices("anthropic", "a-claude-sonnet-4-5").known());
}

BOOST_AUTO_TEST_CASE(every_pattern_has_a_form_that_can_match) {
  std::string provider;
  for_each_line(price_pattern_text, [&](std::string_view line) {
    const auto tab = line.find('\t');
    BOOST_REQUIRE_MESSAGE(line.substr(0, tab) >= provider, "providers are not sorted: " << line);
    provider = line.substr(0, tab);
    const auto pattern = line.substr(tab + 1, line.find('\t', tab + 1) - tab - 1);
    BOOST_REQUIRE_MESSAGE(!pattern.empty(), line);
    // What it says with its signs filled in: the pattern itself or an earlier one has a price for it.
    if (pattern.starts_with('>') || pattern.find('&') != std::string_view::npos) return;
    std::string name(pattern);
    for (auto& c : name) c = c == '#' ? '7' : c;
    std::erase(name, '*');
    const auto prices = line.substr(line.rfind('\t') + 1);
    BOOST_REQUIRE_MESSAGE(catalogue_prices(provider, name).known() || prices == "-" || prices.find_first_of("ioq") == std::string_view::npos ||
                              name.empty(), line);
  });
}

BOOST_AUTO_TEST_CASE(azure_falls_back_to_the_makers_prices) {
  BOOST_TEST(catalogue_prices("azure", "gpt-4o").known());
  BOOST_TEST(catalogue_prices("azure", "claude-sonnet-4-5").known());
  BOOST_TEST(!catalogue_prices("azure", "my-deployment").known());
}

BOOST_AUTO_TEST_CASE(a_compact_date_is_read_as_the_listed_one) {
  BOOST_TEST(catalogue_prices("openai", "gpt-4o-20240806").input.value() == 2'500'000'000);
  BOOST_TEST(!catalogue_prices("openai", "nothing-20240806").known());
}

BOOST_AUTO_TEST_CASE(hugging_faces_router_costs_what_the_named_host_costs) {
  std::string model;
  for_each_line(exact_price_text, [&](std::string_view line) {
    if (model.empty() && line.starts_with("huggingface_together\t") && line.find("\ti") != std::string_view::npos)
      model = line.substr(21, line.find('\t', 21) - 21);
  });
  BOOST_REQUIRE(!model.empty());
  BOOST_TEST(catalogue_prices("huggingface", model + ":together").known());
  BOOST_TEST(!catalogue_prices("huggingface", model).known());
  BOOST_TEST(!catalogue_prices("huggingface", model + ":" + std::string(100, 'x')).known());
}

BOOST_AUTO_TEST_CASE(a_configured_provider_is_known_by_name_or_by_its_host) {
  BOOST_TEST(catalogue_provider(named("xai")) == "x-ai");
  BOOST_TEST(catalogue_provider(named("moonshot")) == "moonshotai");
  BOOST_TEST(catalogue_provider(named("mine", "https://api.groq.com/openai")) == "groq");
  BOOST_TEST(catalogue_provider(named("azure-east", "https://east.openai.azure.com")) == "azure");
  BOOST_TEST(catalogue_provider(named("quicksilverpro", "https://example.org")) == "quicksilverpro", "the catalogue's own name");
  BOOST_TEST(catalogue_provider(named("mine", "http://127.0.0.1:8000")).empty());
  BOOST_TEST(catalogue_provider(named("open")).empty());
  BOOST_TEST(catalogue_provider(named("vllm")).empty());
}

BOOST_AUTO_TEST_CASE(every_preset_that_names_a_catalogue_provider_finds_prices_there) {
  for (const auto& preset : config::provider_presets()) {
    if (preset.prices.empty() || preset.prices == "huggingface") continue;
    const auto at = ("\n" + std::string(preset.prices)) + "\t";
    BOOST_TEST(exact_price_text.find(at) != std::string_view::npos, preset.name);
  }
}

BOOST_AUTO_TEST_CASE(the_catalogue_says_where_and_when_it_is_from) {
  BOOST_TEST(catalogue_source().starts_with("genai-prices "));
  BOOST_TEST(catalogue_date().size() == 10u);
  BOOST_TEST(catalogue_date().starts_with("20"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(request_cost)

BOOST_AUTO_TEST_CASE(tokens_cost_their_rates) {
  auto prices = simple(2, 10);
  BOOST_TEST(cost(prices, {.input = 1000, .output = 100}).value() == 2'000'000 + 1'000'000);
  prices.cached_input = usd;
  BOOST_TEST(cost(prices, {.input = 1000, .output = 0, .cached_input = 400}).value() == 600 * 2000 + 400 * 1000);
  prices.cache_write = 3 * usd;
  BOOST_TEST(cost(prices, {.input = 1000, .cached_input = 400, .cache_write = 100}).value() == 500 * 2000 + 400 * 1000 + 100 * 3000);
  prices.cache_write_1h = 4 * usd;
  BOOST_TEST(cost(prices, {.input = 10, .cache_write = 2, .cache_write_1h = 3}).value() == 5 * 2000 + 2 * 3000 + 3 * 4000);
  prices.audio_input = 40 * usd;
  prices.audio_output = 80 * usd;
  BOOST_TEST(cost(prices, {.input = 10, .output = 10, .audio_input = 4, .audio_output = 5}).value() ==
             6 * 2000 + 4 * 40'000 + 5 * 10'000 + 5 * 80'000);
}

BOOST_AUTO_TEST_CASE(a_part_without_a_rate_costs_what_the_whole_costs) {
  BOOST_TEST(cost(simple(2, 10), {.input = 10, .output = 10, .cached_input = 3, .cache_write = 3, .audio_output = 4}).value() ==
             10 * 2000 + 10 * 10'000);
}

BOOST_AUTO_TEST_CASE(parts_beyond_the_whole_are_not_paid_twice) {
  auto prices = simple(2, 10);
  prices.cached_input = usd;
  BOOST_TEST(cost(prices, {.input = 10, .cached_input = 50, .cache_write = 50}).value() == 10 * 1000);
  BOOST_TEST(cost(prices, {.input = -5, .output = -5, .cached_input = -1}).value() == 0);
}

BOOST_AUTO_TEST_CASE(above_a_tier_the_whole_request_costs_its_rates) {
  auto prices = simple(2, 10);
  prices.cached_input = usd;
  prices.tiers[0] = {200'000, {.input = 4 * usd, .output = 15 * usd}};
  prices.tiers[1] = {500'000, {.input = 8 * usd}};
  BOOST_TEST(cost(prices, {.input = 200'000, .output = 1}).value() == 200'000 * 2000 + 10'000);
  BOOST_TEST(cost(prices, {.input = 200'001, .output = 1}).value() == 200'001ll * 4000 + 15'000);
  BOOST_TEST(cost(prices, {.input = 200'001, .cached_input = 1}).value() == 200'000ll * 4000 + 1000, "a rate the tier leaves out stays");
  BOOST_TEST(cost(prices, {.input = 600'000, .output = 1}).value() == 600'000ll * 8000 + 15'000);
}

BOOST_AUTO_TEST_CASE(an_unknown_price_makes_the_cost_unknown_where_it_counts) {
  model_prices input_only;
  input_only.input = usd;
  BOOST_TEST(cost(input_only, {.input = 10}).value() == 10'000);
  BOOST_TEST(!cost(input_only, {.input = 10, .output = 1}));
  model_prices output_only;
  output_only.output = usd;
  BOOST_TEST(!cost(output_only, {.input = 10, .output = 1}));
  BOOST_TEST(!cost(model_prices{}, {}));
}

BOOST_AUTO_TEST_CASE(requests_and_images_may_have_prices) {
  auto prices = simple(2, 10);
  prices.per_request = 5'000'000;
  BOOST_TEST(cost(prices, {.input = 10}).value() == 20'000 + 5'000'000);
  model_prices flat;
  flat.per_image = 40'000'000;
  BOOST_TEST(cost(flat, {.input = 100, .output = 100, .images = 2}).value() == 80'000'000);
}

BOOST_AUTO_TEST_CASE(rounding_happens_once_and_half_goes_up) {
  auto prices = simple(0, 0);
  prices.input = 500'000;                        // half a nano-dollar a token
  prices.output = 500'000;
  BOOST_TEST(cost(prices, {.input = 1, .output = 1}).value() == 1);
  BOOST_TEST(cost(prices, {.input = 1}).value() == 1);
  prices.input = 499'999;
  BOOST_TEST(cost(prices, {.input = 1}).value() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
