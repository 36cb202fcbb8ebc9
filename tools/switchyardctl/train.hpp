// `train category` and `train domain`: a linear head over embeddings from labelled prompts, with thresholds and a report on prompts it has not seen.
#pragma once

#include "routing/category_model.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::routing {
class embedder;
}

namespace switchyard::ctl {

/// What the labels stand for: categories of a semantic stage, or domains of an intent stage's rules (of one's own, or the built-in fourteen).
enum class trained_labels { categories, domains };

struct train_options {
  std::string in;              ///< --in: {"prompt" | "text", "label" | "category"} per line
  std::string out;             ///< --out: the model; beside it OUT.svg, the confusion matrix
  std::string models;          ///< --models
  double held_out = 0.2;       ///< share of each category's prompts that is not learnt from
};
[[nodiscard]] int train(const train_options& options, trained_labels what, bool as_json);

/// Prompts as vectors, their categories by number.
struct labelled_vectors {
  std::vector<std::string> names;                ///< of the categories, sorted
  std::size_t dimensions = 0;
  std::vector<float> vectors;                    ///< row after row
  std::vector<std::uint32_t> labels;
  std::vector<std::string> texts;                ///< of the rows; empty where only vectors count

  [[nodiscard]] const float* row(std::size_t at) const noexcept { return vectors.data() + at * dimensions; }
  [[nodiscard]] std::size_t size() const noexcept { return labels.size(); }
};

/// Which rows are learnt from, which set the thresholds, and which are only counted.
struct three_parts {
  std::vector<std::size_t> learnt, fitted, counted;
};
/// Of each category `held_out` of its rows, drawn with a fixed seed, go by turns to `fitted` and `counted`.
[[nodiscard]] three_parts split(const labelled_vectors& all, double held_out);

/// Multinomial logistic regression, started from the categories' centroids; the same rows give the same weights.
[[nodiscard]] std::vector<routing::category_model::category> learn(const labelled_vectors& all, const std::vector<std::size_t>& rows);
/// Sets each category's threshold to where its F1 over `rows` is best; 0.5 where there are too few rows to tell.
void fit_thresholds(std::vector<routing::category_model::category>& categories, const labelled_vectors& all, const std::vector<std::size_t>& rows);

struct category_report {
  std::size_t learnt = 0, counted = 0;
  double precision = 0;        ///< of the prompts sent to it (probability at or above the threshold), those that belong to it
  double recall = 0;           ///< of its prompts, those sent to it
};
struct train_report {
  std::vector<category_report> categories;
  std::vector<std::vector<std::size_t>> confusion;   ///< [true][likeliest]
  double accuracy = 0;         ///< the likeliest is right, thresholds aside
};
[[nodiscard]] train_report measure(const routing::category_model& model, const labelled_vectors& all, const three_parts& parts);
/// A picture of the confusion matrix, complete and without scripts.
[[nodiscard]] std::string confusion_svg(const std::vector<std::string>& names, const train_report& report);

}  // namespace switchyard::ctl
