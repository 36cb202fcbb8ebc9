#include "tools/switchyardctl/train.hpp"

#include "base/random.hpp"
#include "config/model_folders.hpp"
#include "providers/json_document.hpp"
#include "providers/json_scan.hpp"
#include "routing/embedding/embedder.hpp"
#include "routing/signals/signal_models.hpp"
#include "routing/signals/understanding.hpp"
#include "tools/switchyardctl/commands.hpp"
#include "tools/switchyardctl/table.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iostream>
#include <map>
#include <numeric>

namespace switchyard::ctl {

namespace json = providers::json;
using category = routing::category_model::category;

namespace {

constexpr std::uint64_t seed = 1;
constexpr std::size_t most_prompts = 1'000'000;
constexpr std::size_t most_names = 1'000;
constexpr std::size_t fewest_of_a_category = 5;

/// Adam (Kingma, Ba 2014) on one weight.
struct moments {
  float first = 0, second = 0;
};
constexpr float decay_first = 0.9f, decay_second = 0.999f;

constexpr std::size_t batch = 32;
constexpr int epochs = 30;
constexpr float first_rate = 0.05f;
constexpr float shrink = 2e-4f;                  // weight decay a step, times the rate
constexpr float first_scale = 8;                 // of the centroids: cosines are small numbers

void shuffle(std::vector<std::size_t>& rows, random_source& random) {
  for (std::size_t i = rows.size(); i > 1; --i) std::swap(rows[i - 1], rows[random.below(i)]);
}

void soften(std::vector<float>& scores) {
  const float most = *std::max_element(scores.begin(), scores.end());
  float sum = 0;
  for (float& one : scores) sum += one = std::exp(one - most);
  for (float& one : scores) one /= sum;
}

std::string member_text(std::string_view line, std::string_view name, std::string_view otherwise) {
  auto value = json::find(line, name);
  if (value.empty()) value = json::find(line, otherwise);
  return json::is_string(value) ? json::unescape(value) : std::string();
}

result<labelled_vectors> read_rows(const std::string& path, const routing::embedder& model) {
  std::ifstream file(path);
  if (path != "-" && !file) return client_error(error_code::invalid_request, path + ": cannot be opened");
  std::istream& in = path == "-" ? std::cin : file;
  std::vector<std::pair<std::string, std::string>> rows;
  std::map<std::string, std::size_t> names;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const auto wrong = [&](const std::string& why) { return client_error(error_code::invalid_request, path + ":" + std::to_string(number) + ": " + why); };
    json::document document;
    if (!document.parse_copy(line)) return wrong(document.fault());
    auto prompt = member_text(line, "prompt", "text"), label = member_text(line, "label", "category");
    if (prompt.empty()) return wrong("prompt: expected a string (or text)");
    if (label.empty()) return wrong("label: expected a string (or category)");
    ++names[label];
    rows.emplace_back(std::move(prompt), std::move(label));
    if (rows.size() > most_prompts || names.size() > most_names)
      return wrong("at most " + std::to_string(most_prompts) + " prompts of " + std::to_string(most_names) + " categories can be learnt");
  }
  if (names.size() < 2) return client_error(error_code::invalid_request, path + ": prompts of at least two categories are needed");
  labelled_vectors all;
  all.dimensions = model.dimensions();
  for (auto& [name, count] : names) {
    if (count < fewest_of_a_category)
      return client_error(error_code::invalid_request, path + ": the category '" + name + "' has " + std::to_string(count) + " prompts; at least " +
                                                           std::to_string(fewest_of_a_category) + " are needed");
    count = all.names.size();                    // from here on its number
    all.names.push_back(name);
  }
  all.vectors.resize(rows.size() * all.dimensions);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    model.embed(rows[i].first, {all.vectors.data() + i * all.dimensions, all.dimensions});
    all.labels.push_back(static_cast<std::uint32_t>(names.at(rows[i].second)));
    all.texts.push_back(std::move(rows[i].first));
  }
  return all;
}

/// How many of these rows the built-in domain signal names rightly, in shares; nullopt: some label is none of its fourteen.
std::optional<double> built_in_accuracy(const train_options& options, const labelled_vectors& all, const std::vector<std::size_t>& rows) {
  const auto is_built_in = [](const std::string& name) { return routing::domain_named(name).has_value(); };
  if (!std::all_of(all.names.begin(), all.names.end(), is_built_in) || rows.empty()) return std::nullopt;
  const auto models = routing::signal_models::load(options.models);
  if (!models) return std::nullopt;
  std::size_t right = 0;
  for (const auto at : rows) {
    const routing::turn turns[] = {{routing::speaker::user, all.texts[at]}};
    routing::prompt asked;
    asked.turns = turns;
    routing::understanding known(**models, asked);
    right += routing::to_string(known.domain().value) == all.names[all.labels[at]] ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(rows.size());
}

outcome write_file(const std::string& path, const std::string& text) {
  // A node that reloads in the middle sees the old file or the new one.
  const auto partial = path + ".new";
  {
    std::ofstream file(partial, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    if (!file) return internal_error(partial + ": cannot be written");
  }
  if (std::rename(partial.c_str(), path.c_str()) != 0) return internal_error(path + ": cannot be replaced");
  return done{};
}

}  // namespace

three_parts split(const labelled_vectors& all, double held_out) {
  random_source random(seed);
  three_parts out;
  std::vector<std::vector<std::size_t>> by_label(all.names.size());
  for (std::size_t i = 0; i < all.size(); ++i) by_label[all.labels[i]].push_back(i);
  for (auto& rows : by_label) {
    shuffle(rows, random);
    const auto held = static_cast<std::size_t>(std::lround(static_cast<double>(rows.size()) * held_out));
    for (std::size_t i = 0; i < rows.size(); ++i) (i >= held ? out.learnt : i % 2 == 0 ? out.counted : out.fitted).push_back(rows[i]);
  }
  return out;
}

std::vector<category> learn(const labelled_vectors& all, const std::vector<std::size_t>& rows) {
  const auto size = all.dimensions, count = all.names.size();
  std::vector<category> out(count);
  for (std::size_t c = 0; c < count; ++c) out[c] = {all.names[c], 0.5f, 0, std::vector<float>(size)};
  for (const auto at : rows)
    for (std::size_t i = 0; i < size; ++i) out[all.labels[at]].weights[i] += all.row(at)[i];
  for (auto& one : out) {
    const float length = std::sqrt(std::inner_product(one.weights.begin(), one.weights.end(), one.weights.begin(), 0.0f));
    for (float& weight : one.weights) weight *= length > 0 ? first_scale / length : 0;
  }

  random_source random(seed);
  auto order = rows;
  std::vector<std::vector<moments>> past(count, std::vector<moments>(size + 1));
  std::vector<std::vector<float>> slope(count, std::vector<float>(size + 1));
  std::vector<float> scores(count);
  const auto steps = static_cast<float>(epochs) * std::ceil(static_cast<float>(rows.size()) / batch);
  float step = 0;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    shuffle(order, random);
    for (std::size_t begin = 0; begin < order.size(); begin += batch) {
      const auto end = std::min(order.size(), begin + batch);
      for (auto& row : slope) std::fill(row.begin(), row.end(), 0.0f);
      for (auto i = begin; i < end; ++i) {
        const float* x = all.row(order[i]);
        for (std::size_t c = 0; c < count; ++c) scores[c] = std::inner_product(x, x + size, out[c].weights.begin(), out[c].bias);
        soften(scores);
        for (std::size_t c = 0; c < count; ++c) {
          const float off = (scores[c] - (all.labels[order[i]] == c ? 1.0f : 0.0f)) / static_cast<float>(end - begin);
          for (std::size_t d = 0; d < size; ++d) slope[c][d] += off * x[d];
          slope[c][size] += off;
        }
      }
      step += 1;
      const float rate = first_rate * (1 - (step - 1) / steps);
      const float bend_first = 1 - std::pow(decay_first, step), bend_second = 1 - std::pow(decay_second, step);
      for (std::size_t c = 0; c < count; ++c)
        for (std::size_t d = 0; d <= size; ++d) {
          auto& m = past[c][d];
          m.first = decay_first * m.first + (1 - decay_first) * slope[c][d];
          m.second = decay_second * m.second + (1 - decay_second) * slope[c][d] * slope[c][d];
          float& weight = d < size ? out[c].weights[d] : out[c].bias;
          weight -= rate * ((m.first / bend_first) / (std::sqrt(m.second / bend_second) + 1e-8f) + shrink * weight);
        }
    }
  }
  return out;
}

void fit_thresholds(std::vector<category>& categories, const labelled_vectors& all, const std::vector<std::size_t>& rows) {
  constexpr std::size_t fewest = 4;
  const routing::category_model model(categories);
  std::vector<float> scores(categories.size());
  std::vector<std::vector<std::pair<float, bool>>> sent(categories.size());   // to each: how likely, and whether rightly
  std::vector<std::size_t> own(categories.size());
  for (const auto at : rows) {
    model.probabilities({all.row(at), all.dimensions}, scores);
    const auto best = static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
    sent[best].emplace_back(scores[best], best == all.labels[at]);
    ++own[all.labels[at]];
  }
  for (std::size_t c = 0; c < categories.size(); ++c) {
    if (own[c] < fewest) continue;
    std::sort(sent[c].begin(), sent[c].end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    double best = 0;
    std::size_t right = 0;
    for (std::size_t i = 0; i < sent[c].size(); ++i) {
      right += sent[c][i].second ? 1 : 0;
      const double f1 = 2.0 * static_cast<double>(right) / static_cast<double>(i + 1 + own[c]);
      if (f1 <= best) continue;
      best = f1;
      // Halfway to the next one: the figure itself is this very sample's.
      categories[c].threshold = i + 1 < sent[c].size() ? (sent[c][i].first + sent[c][i + 1].first) / 2 : sent[c][i].first * 0.95f;
    }
  }
}

train_report measure(const routing::category_model& model, const labelled_vectors& all, const three_parts& parts) {
  const auto count = all.names.size();
  train_report out;
  out.categories.resize(count);
  out.confusion.assign(count, std::vector<std::size_t>(count));
  for (const auto at : parts.learnt) ++out.categories[all.labels[at]].learnt;
  std::vector<float> scores(count);
  std::vector<std::size_t> sent(count), right(count);
  std::size_t likeliest = 0;
  for (const auto at : parts.counted) {
    const auto truth = all.labels[at];
    model.probabilities({all.row(at), all.dimensions}, scores);
    const auto best = static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
    ++out.categories[truth].counted;
    ++out.confusion[truth][best];
    likeliest += best == truth ? 1 : 0;
    if (scores[best] < model.categories()[best].threshold) continue;
    ++sent[best];
    right[best] += best == truth ? 1 : 0;
  }
  const auto share = [](std::size_t of, std::size_t all_of) { return all_of == 0 ? 0.0 : static_cast<double>(of) / static_cast<double>(all_of); };
  for (std::size_t c = 0; c < count; ++c) {
    out.categories[c].precision = share(right[c], sent[c]);
    out.categories[c].recall = share(right[c], out.categories[c].counted);
  }
  out.accuracy = share(likeliest, parts.counted.size());
  return out;
}

int train(const train_options& options, trained_labels what, bool as_json) {
  const auto embed = routing::embedder::load(config::model_file(config::model_folders(options.models), "embedding.bin"));
  if (!embed) return complain(embed.failure().message), failed;
  const auto all = read_rows(options.in, *embed);
  if (!all) return complain(all.failure().message), wrong_usage;
  const auto parts = split(*all, options.held_out);
  auto learnt = learn(*all, parts.learnt);
  fit_thresholds(learnt, *all, parts.fitted);
  const routing::category_model model(std::move(learnt));
  const auto report = measure(model, *all, parts);
  if (const auto written = write_file(options.out, model.write()); !written) return complain(written.failure().message), failed;
  const auto picture = options.out + ".svg";
  if (const auto written = write_file(picture, confusion_svg(all->names, report)); !written) return complain(written.failure().message), failed;

  const auto built_in = what == trained_labels::domains ? built_in_accuracy(options, *all, parts.counted) : std::nullopt;

  namespace bj = boost::json;
  bj::array rows;
  const std::string_view label = what == trained_labels::domains ? "domain" : "category";
  const auto rounded = [](double value) { return std::round(value * 1000) / 1000; };
  for (std::size_t c = 0; c < all->names.size(); ++c) {
    const auto& one = report.categories[c];
    rows.push_back(bj::object{{label, all->names[c]}, {"learnt", one.learnt}, {"counted", one.counted}, {"precision", rounded(one.precision)},
                              {"recall", rounded(one.recall)}, {"threshold", rounded(static_cast<double>(model.categories()[c].threshold))}});
  }
  if (as_json) {
    bj::object told{{"accuracy", rounded(report.accuracy)}, {"learnt", parts.learnt.size()}, {"fitted", parts.fitted.size()},
                    {"counted", parts.counted.size()}, {what == trained_labels::domains ? "domains" : "categories", std::move(rows)},
                    {"model", options.out}, {"picture", picture}};
    if (built_in) told["built_in_accuracy"] = rounded(*built_in);
    print(bj::serialize(told) + "\n");
    return fine;
  }
  std::string text;
  for (const auto& row : rows) {
    const auto& r = row.get_object();
    char line[256];
    std::snprintf(line, sizeof line, "%-32.32s %7lld %8lld %10.3f %7.3f %10.3f\n", r.at(label).as_string().c_str(),
                  static_cast<long long>(r.at("learnt").to_number<std::int64_t>()), static_cast<long long>(r.at("counted").to_number<std::int64_t>()),
                  r.at("precision").to_number<double>(), r.at("recall").to_number<double>(), r.at("threshold").to_number<double>());
    text += line;
  }
  char head[256], foot[256];
  std::snprintf(head, sizeof head, "%-32s %7s %8s %10s %7s %10s\n", what == trained_labels::domains ? "DOMAIN" : "CATEGORY", "LEARNT", "COUNTED",
                "PRECISION", "RECALL", "THRESHOLD");
  std::snprintf(foot, sizeof foot, "\n%.1f %% of %zu held-out prompts have the right likeliest label; %zu others set the thresholds.\n",
                report.accuracy * 100, parts.counted.size(), parts.fitted.size());
  if (built_in) {
    char line[128];
    std::snprintf(line, sizeof line, "The built-in domains are right on %.1f %% of the same prompts.\n", *built_in * 100);
    text = head + text + foot + line;
  } else {
    text = head + text + foot;
  }
  print(text + "model " + options.out + ", confusion matrix " + picture + "\n");
  return fine;
}

}  // namespace switchyard::ctl
