#include "routing/provider_vectors.hpp"

#include "routing/pipeline.hpp"
#include "routing/signals/understanding.hpp"

#include <algorithm>
#include <cmath>

namespace switchyard::routing {

namespace {

constexpr std::size_t longest_text = 8u << 10;   // bytes: about 2,000 tokens of the 2,048 and more that embeddings APIs take
constexpr float sure_enough = 0.5f;              // as the guard's

/// With "[EMAIL]" in place of what is of these kinds.
std::string masked(const signal_models& models, std::string_view text, std::uint32_t kinds) {
  const turn turns[] = {{speaker::user, text}};
  prompt alone;
  alone.turns = turns;
  understanding known(models, alone);
  std::string out;
  std::size_t copied = 0;
  for (const auto& span : known.pii().spans) {
    if ((kinds & (1u << static_cast<unsigned>(span.kind))) == 0 || span.confidence < sure_enough || span.start < copied) continue;
    out.append(text.substr(copied, span.start - copied)).append("[");
    for (const char c : to_string(span.kind)) out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    out += ']';
    copied = span.end;
  }
  return out.append(text.substr(copied));
}

}  // namespace

bool make_unit(std::span<float> vector) noexcept {
  double sum = 0;
  for (const float one : vector) sum += static_cast<double>(one) * static_cast<double>(one);
  if (!(sum > 0) || !std::isfinite(sum)) return false;
  const auto scale = static_cast<float>(1 / std::sqrt(sum));
  for (float& one : vector) one *= scale;
  return true;
}

std::shared_ptr<const example_vectors> example_vectors::make(const embedding_wish& wish, std::vector<provider_vector> rows) {
  auto made = std::make_shared<example_vectors>();
  if (rows.empty() || rows.size() != wish.examples.size()) return nullptr;
  made->dimensions_ = rows.front()->size();
  made->centroids_.resize(wish.counts.size() * made->dimensions_);
  std::size_t at = 0;
  for (std::size_t c = 0; c < wish.counts.size(); ++c) {
    const std::span<float> centroid(made->centroids_.data() + c * made->dimensions_, made->dimensions_);
    for (std::size_t i = 0; i < wish.counts[c]; ++i, ++at) {
      if (rows[at]->size() != made->dimensions_) return nullptr;
      for (std::size_t d = 0; d < centroid.size(); ++d) centroid[d] += (*rows[at])[d];
    }
    static_cast<void>(make_unit(centroid));
  }
  made->rows_ = std::move(rows);
  return made;
}

std::optional<vector_need> vector_needed(const route_entry& route, const stage_request& request) {
  if (request.known == nullptr || request.asked != nullptr) return std::nullopt;
  decision made;
  decision_context context{request, made, false};
  for (const auto& stage : route.stages) {
    const auto* wish = stage->embedding();
    if (wish == nullptr) {
      static_cast<void>(stage->decide(context));
      if (made.refusal) return std::nullopt;
      continue;
    }
    auto& known = *request.known;
    std::string storage;
    const auto text = head_and_tail(known.query(), longest_text, storage);
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return std::nullopt;
    return vector_need{wish, made.masked_kinds == 0 ? std::string(text) : masked(*route.models, text, made.masked_kinds)};
  }
  return std::nullopt;
}

}  // namespace switchyard::routing
