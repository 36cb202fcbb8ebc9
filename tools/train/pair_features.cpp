// Writes what the hit verifier sees of each pair: its features and both vectors, as raw floats. Run by tools/train/verifier.
//
// pair_features EMBEDDING < PAIRS > FLOATS; a line of PAIRS is TEXT TAB TEXT (a JSON string each, without quotes, so that no tab or line
// end stands in it). FLOATS: per pair pair_feature_count features, with --vectors then |a - b| and a * b, coordinate by coordinate.
// pair_features EMBEDDING --fingerprint prints the embedding's.
#include "providers/json_scan.hpp"
#include "routing/cache/pair_features.hpp"

#include <cmath>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

using namespace switchyard;

int main(int count, char** arguments) {
  if (count < 2) return std::fputs("usage: pair_features EMBEDDING [--vectors]\n", stderr), 2;
  const auto model = routing::embedder::load(arguments[1], routing::embedder::rows::alone);
  if (!model) return std::fprintf(stderr, "%s\n", model.failure().message.c_str()), 1;
  const std::string_view option = count > 2 ? arguments[2] : "";
  if (option == "--fingerprint") return std::cout << model->fingerprint() << '\n', 0;
  const bool with_vectors = option == "--vectors";
  std::string line;
  std::vector<float> out;
  while (std::getline(std::cin, line)) {
    const auto tab = line.find('\t');
    const auto a = providers::json::unescape('"' + line.substr(0, tab) + '"'), b = providers::json::unescape('"' + line.substr(tab + 1) + '"');
    const auto va = model->embed(a), vb = model->embed(b);
    const routing::word_list wa(a), wb(b);
    const auto features = routing::features_of(*model, wa, wb, va, vb, routing::compare_words(wa, wb));
    out.assign(features.begin(), features.end());
    if (with_vectors) {
      for (std::size_t d = 0; d < va.size(); ++d) out.push_back(std::abs(va[d] - vb[d]));
      for (std::size_t d = 0; d < va.size(); ++d) out.push_back(va[d] * vb[d]);
    }
    std::fwrite(out.data(), sizeof(float), out.size(), stdout);
  }
}
