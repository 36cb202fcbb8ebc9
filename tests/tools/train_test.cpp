#include "tools/switchyardctl/train.hpp"

#include "base/random.hpp"
#include "routing/category_model.hpp"
#include "tools/switchyardctl/suggest.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

BOOST_AUTO_TEST_SUITE(train)

using namespace switchyard;
using namespace switchyard::ctl;

namespace {

constexpr std::size_t size = 8;

/// `each` unit vectors around each of the first `count` axes.
labelled_vectors around_axes(std::size_t count, std::size_t each, float noise) {
  random_source random(7);
  labelled_vectors out;
  out.dimensions = size;
  for (std::size_t c = 0; c < count; ++c) out.names.push_back("c" + std::to_string(c));
  for (std::size_t i = 0; i < count * each; ++i) {
    std::vector<float> row(size);
    float length = 0;
    for (std::size_t d = 0; d < size; ++d) {
      row[d] = (d == i % count ? 1.0f : 0.0f) + noise * static_cast<float>(random.uniform() - 0.5);
      length += row[d] * row[d];
    }
    for (float& one : row) out.vectors.push_back(one / std::sqrt(length));
    out.labels.push_back(static_cast<std::uint32_t>(i % count));
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_can_be_told_apart_is_learnt) {
  const auto all = around_axes(3, 60, 0.8f);
  const auto parts = split(all, 0.2);
  BOOST_TEST(parts.learnt.size() == 144u);
  BOOST_TEST(parts.fitted.size() == 18u);
  BOOST_TEST(parts.counted.size() == 18u);
  auto learnt = learn(all, parts.learnt);
  fit_thresholds(learnt, all, parts.fitted);
  const routing::category_model model(learnt);
  const auto report = measure(model, all, parts);
  BOOST_TEST(report.accuracy == 1.0);
  for (const auto& one : report.categories) {
    BOOST_TEST(one.precision == 1.0);
    BOOST_TEST(one.recall >= 0.8);
    BOOST_TEST(one.learnt == 48u);
  }
}

BOOST_AUTO_TEST_CASE(the_same_rows_give_the_same_model) {
  const auto all = around_axes(3, 20, 1.5f);
  const auto parts = split(all, 0.2);
  BOOST_TEST(routing::category_model(learn(all, parts.learnt)).write() == routing::category_model(learn(all, parts.learnt)).write());
}

BOOST_AUTO_TEST_CASE(a_category_with_few_held_out_prompts_keeps_one_half_as_its_threshold) {
  const auto all = around_axes(2, 6, 0.5f);
  const auto parts = split(all, 0.2);
  auto learnt = learn(all, parts.learnt);
  fit_thresholds(learnt, all, parts.fitted);
  BOOST_TEST(learnt[0].threshold == 0.5f);
}

BOOST_AUTO_TEST_CASE(a_model_is_read_as_it_was_written) {
  const auto all = around_axes(3, 20, 1.0f);
  auto categories = learn(all, split(all, 0.2).learnt);
  categories[1].name = "with \"quotes\" and ü";
  const routing::category_model made(std::move(categories));
  const auto read = routing::category_model::read(made.write(), size);
  BOOST_TEST_REQUIRE(read.has_value());
  BOOST_TEST(read->write() == made.write());
  BOOST_TEST(read->find("with \"quotes\" and ü").value() == 1u);
  BOOST_TEST(!read->find("c1").has_value());
}

BOOST_AUTO_TEST_CASE(a_broken_model_says_what_is_wrong) {
  const auto refused = [](std::string_view text) {
    const auto read = routing::category_model::read(text, size);
    return read ? std::string("none") : read.failure().message;
  };
  BOOST_TEST(refused("nonsense").starts_with("this is no category model: "));
  BOOST_TEST(refused(R"({"kind":"x"})").find("its kind is not") != std::string::npos);
  BOOST_TEST(refused(R"({"kind":"switchyard category model","version":2})").find("version 1") != std::string::npos);
  BOOST_TEST(refused(R"({"kind":"switchyard category model","version":1,"dimensions":7})").find("another embedding") != std::string::npos);
  BOOST_TEST(refused(R"({"kind":"switchyard category model","version":1,"dimensions":8,"categories":[{"name":"a","threshold":1,"bias":0,"weights":[1]}]})")
                 .find("category 1 needs 8 weights") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_picture_escapes_names_and_has_a_cell_for_every_pair) {
  train_report report;
  report.categories.resize(2);
  report.confusion = {{3, 1}, {0, 4}};
  const auto svg = confusion_svg({"<a>", "b & c"}, report);
  BOOST_TEST(svg.starts_with("<svg "));
  BOOST_TEST(svg.find("&lt;a&gt; as b &amp; c: 1") != std::string::npos);
  BOOST_TEST(svg.find("<a>") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(prompts_of_two_kinds_become_two_categories_with_telling_names) {
  const auto all = around_axes(2, 20, 0.5f);
  std::vector<seen_prompt> prompts;
  for (std::size_t i = 0; i < all.size(); ++i)
    prompts.push_back(all.labels[i] == 0 ? seen_prompt{"please debug python loop " + std::to_string(i), "openai/a"}
                                         : seen_prompt{"please cook lentil soup " + std::to_string(i), "openai/b"});
  const auto found = cluster(prompts, all.vectors, size, 0);
  BOOST_TEST_REQUIRE(found.size() == 2u);
  for (const auto& one : found) {
    BOOST_TEST(one.prompts == 20u);
    BOOST_TEST(one.examples.size() == 8u);
    const bool code = one.target == "openai/a";
    BOOST_TEST((one.name == (code ? "debug-loop" : "cook-lentil")), one.name);
  }
  const auto yaml = to_yaml(found);
  BOOST_TEST(yaml.find("- name: \"cook-lentil\"   # 20 prompts") != std::string::npos);
  BOOST_TEST(yaml.find("target: openai/a") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
