// What the heads see of each text, for their trainer: signal_features MODELS [--passages] < texts > features.
//
//   in       = one JSON string a line
//   out      = for each: passages u32, passages * passage
//   passage  = dimensions f32, dense_count f32, patterns f32, count u32, count * (hash u32, stem u32)
//
// signal_features MODELS --fingerprint prints the embedding's.
// Whole: one passage, the text as a query is seen. With --passages: as the safety heads see a turn, disguises undone, the whole last when
// there are several; `patterns` is the weight of attack_patterns(), dense numbers are zeros.
//
// All little-endian. So what is trained on is what a node will see, to the bit.
#include "routing/embedding/embedder.hpp"
#include "routing/signals/features.hpp"
#include "routing/signals/jailbreak.hpp"

#include <boost/json.hpp>

#include <array>
#include <cstdio>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace switchyard::routing;

template <class T>
void put(const T* values, std::size_t count) {
  std::fwrite(values, sizeof(T), count, stdout);
}

void put_one(std::span<const float> vector, std::span<const float> dense, float patterns, std::span<const word> words) {
  const auto count = static_cast<std::uint32_t>(words.size());
  put(vector.data(), vector.size());
  put(dense.data(), dense.size());
  put(&patterns, 1);
  put(&count, 1);
  for (const auto& w : words) {
    put(&w.hash, 1);
    put(&w.stem, 1);
  }
}

void put_whole(const embedder& model, std::string_view text) {
  const auto facts = facts_of(text);
  const std::uint32_t one = 1;
  put(&one, 1);
  put_one(model.embed(text), dense_features(facts), 0, facts.words);
}

void put_passages(const embedder& model, std::string_view text) {
  passages turn;
  turn.cut(model, text);
  const auto patterns = attack_patterns(turn).weight;
  const auto count = static_cast<std::uint32_t>(turn.all.size());
  put(&count, 1);
  const std::array<float, dense_count> none{};
  for (const auto& passage : turn.all) put_one(passage.vector, none, patterns, passage.words);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view option = argc == 3 ? argv[2] : "";
  const bool cut = option == "--passages", asked = option == "--fingerprint";
  if (argc != 2 && !cut && !asked) return std::fprintf(stderr, "usage: signal_features MODELS [--passages | --fingerprint] < texts > features\n"), 2;
  const auto model = embedder::load(std::string(argv[1]) + "/embedding.bin");
  if (!model) return std::fprintf(stderr, "signal_features: %s\n", model.failure().message.c_str()), 1;
  if (asked) return std::cout << model->fingerprint() << '\n', 0;
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    const auto read = boost::json::parse(line);
    const auto text = boost::json::value_to<std::string>(read);
    if (cut) {
      put_passages(*model, text);
    } else {
      put_whole(*model, text);
    }
  }
}
