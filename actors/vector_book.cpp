#include "actors/vector_book.hpp"

#include <algorithm>
#include <cstring>

namespace switchyard::actors {

std::size_t vector_book::digest_hash::operator()(const prompt_key& key) const noexcept {
  std::size_t out = 0;
  std::memcpy(&out, key.data(), sizeof out);
  return out;
}

std::vector<std::string> vector_book::adopt(const routing::yard& yard) {
  const std::lock_guard guard(mutex_);
  generation_.fetch_add(1, std::memory_order_acq_rel);
  wanted_.clear();
  std::map<std::pair<std::string, std::string>, routing::provider_vector> kept;
  const auto adopt_route = [&](const routing::route_entry& route) {
    for (const auto& stage : route.stages) {
      const auto* wish = stage->embedding();
      if (wish == nullptr) continue;
      wanted_.push_back({*wish, route.embeds, nullptr});
      for (const auto& text : wish->examples)
        if (const auto known = examples_.find({wish->model, text}); known != examples_.end()) kept.insert(*known);
    }
  };
  for (const auto& route : yard.routes) adopt_route(*route);
  examples_ = std::move(kept);
  std::set<std::string> models;
  for (auto& set : wanted_) {
    complete(set);
    if (!set.ready) models.insert(set.wish.model);
  }
  return {models.begin(), models.end()};
}

vector_batch vector_book::next_batch(const std::string& model) const {
  const std::lock_guard guard(mutex_);
  vector_batch out;
  std::size_t bytes = 0;
  for (const auto& set : wanted_) {
    if (set.wish.model != model || set.ready) continue;
    for (const auto& text : set.wish.examples) {
      if (examples_.contains({model, text}) || std::find(out.texts.begin(), out.texts.end(), text) != out.texts.end()) continue;
      if (out.texts.size() == most_texts || (!out.texts.empty() && bytes + text.size() > most_text_bytes)) return out;
      if (!out.books) out.books = set.books;
      bytes += text.size();
      out.texts.push_back(text);
    }
  }
  return out;
}

void vector_book::keep_examples(const std::string& model, const std::vector<std::string>& texts, std::vector<routing::provider_vector> vectors) {
  const std::lock_guard guard(mutex_);
  const auto is_wanted = [&](const std::string& text) {
    return std::any_of(wanted_.begin(), wanted_.end(), [&](const wanted_set& set) {
      return set.wish.model == model && std::find(set.wish.examples.begin(), set.wish.examples.end(), text) != set.wish.examples.end();
    });
  };
  for (std::size_t i = 0; i < texts.size() && i < vectors.size(); ++i)
    if (is_wanted(texts[i])) examples_[{model, texts[i]}] = std::move(vectors[i]);   // a reload may have dropped it meanwhile
  for (auto& set : wanted_)
    if (set.wish.model == model && !set.ready) complete(set);
}

void vector_book::complete(wanted_set& set) const {
  std::vector<routing::provider_vector> rows;
  for (const auto& text : set.wish.examples) {
    const auto known = examples_.find({set.wish.model, text});
    if (known == examples_.end()) return;
    rows.push_back(known->second);
  }
  set.ready = routing::example_vectors::make(set.wish, std::move(rows));
}

std::shared_ptr<const routing::example_vectors> vector_book::examples_of(const routing::embedding_wish& wish) const {
  const std::lock_guard guard(mutex_);
  // By value: routes are compiled anew without a new config, too.
  for (const auto& set : wanted_)
    if (set.ready && set.wish.model == wish.model && set.wish.counts == wish.counts && set.wish.examples == wish.examples) return set.ready;
  return nullptr;
}

vector_book::prompt_key vector_book::key_of(std::string_view model, std::string_view text) {
  std::string both;
  both.reserve(model.size() + 1 + text.size());
  both.append(model).append(1, '\0').append(text);
  return sha256(both);
}

routing::provider_vector vector_book::find_prompt(const prompt_key& key) {
  const std::lock_guard guard(mutex_);
  const auto found = prompts_.find(key);
  if (found == prompts_.end()) return nullptr;
  newest_.splice(newest_.begin(), newest_, found->second);
  return found->second->second;
}

void vector_book::keep_prompt(const prompt_key& key, routing::provider_vector vector) {
  const std::lock_guard guard(mutex_);
  if (prompts_.contains(key)) return;
  prompt_floats_ += vector->size();
  newest_.emplace_front(key, std::move(vector));
  prompts_.emplace(key, newest_.begin());
  while (newest_.size() > most_prompts || prompt_floats_ > most_prompt_floats) {
    prompt_floats_ -= newest_.back().second->size();
    prompts_.erase(newest_.back().first);
    newest_.pop_back();
  }
}

std::size_t vector_book::prompts() const {
  const std::lock_guard guard(mutex_);
  return newest_.size();
}

}  // namespace switchyard::actors
