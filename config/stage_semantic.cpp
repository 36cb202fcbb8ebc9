// semantic: {threshold: 0.45, categories: [{name: code, examples: ["..."], target: anthropic/claude-sonnet-4-5}]}
#include "config/sections.hpp"
#include "config/signal_words.hpp"
#include "config/stage_kinds.hpp"
#include "config/targets.hpp"

#include <unordered_map>

namespace switchyard::config {

namespace {

constexpr std::size_t longest_example = 8u << 10;
constexpr std::size_t most_examples = 20'000;    // of one stage: each is compared with every request
constexpr std::size_t most_embedded = 2'000;      // of one stage with a provider's vectors: those are three to twelve times as long
constexpr std::size_t most_categories = 1'000;

rule_ptr<std::string> category_name() {
  return text({"a name of at most 64 characters", R"(^\S(.{0,62}\S)?$)",
               [](std::string_view name) { return name.size() <= 64 && name.front() != ' ' && name.back() != ' '; }, false});
}

rule_ptr<std::vector<semantic_category>> categories_table() {
  const auto category = std::make_shared<section<semantic_category>>(
      std::vector<field<semantic_category>>{
          {"name", &semantic_category::name, category_name(), "Unique within the stage.", presence::required},
          {"examples", &semantic_category::examples, std::make_shared<list_of<std::string>>(any_text(longest_example)),
           "Prompts that belong to it; five to ten make a good category."},
          {"target", &semantic_category::target, target_name(), "provider/model that answers them.", presence::required},
          {"threshold", &semantic_category::threshold, optional_number(0, 1), "The least similarity; left out: the stage's."},
      },
      section_extras<semantic_category>{.at = &semantic_category::at,
                                        .foreign = {{"prompts", "examples"}, {"utterances", "examples"}, {"model", "target"}, {"label", "name"}}});
  return std::make_shared<list_of<semantic_category>>(category, 1);
}

rule_ptr<std::optional<embedding_source>> embedding_table() {
  const auto source = std::make_shared<section<embedding_source>>(
      std::vector<field<embedding_source>>{
          {"provider", &embedding_source::provider, target_name(), "provider/model of an embeddings API (OpenAI's or Gemini's wire).", presence::required},
          {"timeout", &embedding_source::timeout, duration(), "A prompt whose vector takes longer is judged by the built-in embedding."},
      },
      section_extras<embedding_source>{.at = &embedding_source::at, .foreign = {{"model", "provider"}, {"target", "provider"}, {"deadline", "timeout"}}});
  return std::make_shared<optional_of<embedding_source>>(source);
}

rule_ptr<semantic_stage_config> semantic_table() {
  return std::make_shared<section<semantic_stage_config>>(
      std::vector<field<semantic_stage_config>>{
          {"threshold", &semantic_stage_config::threshold, number(0, 1), "The similarity from which a category is chosen."},
          {"margin", &semantic_stage_config::margin, number(0, 1), "The best must be ahead of the next by this much."},
          {"top_k", &semantic_stage_config::top_k, integer<int>(1, 100), "How many of a category's nearest examples count."},
          {"categories", &semantic_stage_config::categories, categories_table(), "What requests look like, and who answers them.",
           presence::required},
          {"model", &semantic_stage_config::model, or_nothing(path()),
           "A file of `switchyardctl train category` that knows the categories by name; left out: the examples alone."},
          {"fallback", &semantic_stage_config::fallback, or_nothing(target_name()),
           "provider/model for what fits no category; left out: later stages decide."},
          {"embedding", &semantic_stage_config::embedding, embedding_table(),
           "Vectors of a provider's instead of the built-in ones, which serve while those are not there; left out: the built-in ones."},
      },
      section_extras<semantic_stage_config>{
          .foreign = {{"default", "fallback"}, {"routes", "categories"}, {"k", "top_k"}}});
}

void check_embedding(const config& all, const semantic_stage_config& stage, std::size_t examples, const std::string& path, reading& run) {
  const auto& source = *stage.embedding;
  const auto at = run.given(path + ".provider") ? run.place_of(path + ".provider") : source.at;
  check_target(all, source.provider, path + ".provider", at, run);
  const auto* provider = find_provider(all, std::string_view(source.provider).substr(0, source.provider.find('/')));
  if (provider != nullptr && provider->wire != wire_format::openai && provider->wire != wire_format::gemini)
    run.report(path + ".provider", at, "expected a provider with an embeddings API: one of the wires openai and gemini");
  if (!stage.model.empty())
    run.report(path, source.at, "the stage's model knows the built-in embedding only: leave one of both out");
  if (examples > most_embedded)
    run.report(path, source.at, "at most " + std::to_string(most_embedded) + " examples are allowed in a stage with a provider's vectors");
}

void check_semantic(const config& all, const semantic_stage_config& stage, const stage_place& place, reading& run) {
  const auto list = place.path + ".categories";
  std::unordered_map<std::string_view, std::string> names;
  std::size_t examples = 0;
  for (std::size_t i = 0; i < stage.categories.size(); ++i) {
    const auto& category = stage.categories[i];
    const auto path = item_path(list, i);
    examples += category.examples.size();
    check_target(all, category.target, path + ".target", run.place_of(path + ".target"), run);
    if (category.examples.empty() && stage.model.empty() && !run.reported(path + ".examples"))
      run.report(path + ".examples", run.given(path + ".examples") ? run.place_of(path + ".examples") : category.at,
                 "at least one example is needed, or the stage's model");
    if (category.name.empty()) continue;
    if (const auto [first, is_new] = names.emplace(category.name, path); !is_new)
      run.report(path + ".name", run.place_of(path + ".name"),
                 "category names are unique, and " + in_quotes(category.name) + " is already " + first->second);
  }
  if (stage.categories.size() > most_categories)
    run.report(list, run.place_of(list), "at most " + std::to_string(most_categories) + " categories are allowed");
  if (examples > most_examples)
    run.report(list, run.place_of(list), "at most " + std::to_string(most_examples) + " examples are allowed in one stage");
  if (stage.embedding) check_embedding(all, stage, examples, place.path + ".embedding", run);
  const auto fallback = place.path + ".fallback";
  check_target(all, stage.fallback, fallback, run.place_of(fallback), run);
}

}  // namespace

stage_kind_ptr semantic_kind() {
  return make_stage_kind("semantic", "Chooses the target by what the request is like.", semantic_table(), check_semantic);
}

}  // namespace switchyard::config
