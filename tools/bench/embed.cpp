// µs per text of the built-in embedding, tokenizing included: bench_embed [--models DIR]. One thread, nothing but embed() in the loop.
#include "config/model_folders.hpp"
#include "routing/embedding/embedder.hpp"
#include "routing/embedding/word_pieces.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace switchyard;
using clock_type = std::chrono::steady_clock;

constexpr std::string_view prose =
    "could you please explain why the quarterly report that our accounting department sent to several customers last thursday was missing "
    "some important figures about travel costs and what we should tell them when they call tomorrow morning to ask for an explanation ";

std::string words(std::size_t count) {
  std::string text;
  while (count > 0)
    for (std::size_t at = 0; at < prose.size() && count > 0; --count) {
      const auto end = prose.find(' ', at) + 1;
      text += prose.substr(at, end - at);
      at = end;
    }
  return text;
}

double microseconds_since(clock_type::time_point begin) {
  return std::chrono::duration<double, std::micro>(clock_type::now() - begin).count();
}

void measure(const routing::embedder& model, const char* name, const std::string& text) {
  std::vector<std::uint32_t> ids;
  routing::split_into_pieces(text, model.pieces(), ids);
  std::vector<float> out(model.dimensions());
  const auto repeats = std::max<std::size_t>(1, 200 / std::max<std::size_t>(1, ids.size() / 20));   // a sample well above the clock's grain
  std::vector<double> samples(2000);
  for (auto& sample : samples) {
    const auto begin = clock_type::now();
    for (std::size_t i = 0; i < repeats; ++i) model.embed(text, out);
    sample = microseconds_since(begin) / static_cast<double>(repeats);
  }
  std::sort(samples.begin(), samples.end());
  std::printf("%-24s %6zu pieces  fastest %8.2f us  p50 %8.2f us  p99 %8.2f us\n", name, ids.size(), samples.front(),
              samples[samples.size() / 2], samples[samples.size() * 99 / 100]);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = argc == 3 && std::string_view(argv[1]) == "--models" ? argv[2] : "";
  const auto begin = clock_type::now();
  const auto model = routing::embedder::load(config::model_file(config::model_folders(folder), "embedding.bin"));
  if (!model) return std::fprintf(stderr, "bench_embed: %s\n", model.failure().message.c_str()), 1;
  std::printf("load %.1f ms\n", microseconds_since(begin) / 1000);
  measure(*model, "7 words", words(7));
  measure(*model, "20 words", words(20));
  measure(*model, "50 words", words(50));
  measure(*model, "91 words", words(91));
  measure(*model, "2000 words", words(2000));
  measure(*model, "20 words, Cyrillic",
          "Не могли бы вы объяснить почему в отчёте за квартал который бухгалтерия отправила клиентам в прошлый четверг нет важных цифр");
}
