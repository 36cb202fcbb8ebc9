// The confusion matrix as a picture: a row per true category, a column per likeliest one, darker for a larger share of the row.
#include "tools/switchyardctl/train.hpp"

#include <algorithm>
#include <cmath>

namespace switchyard::ctl {

namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      case '"': out += "&quot;"; break;
      default: out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

std::string number(double value) { return std::to_string(std::lround(value)); }

}  // namespace

std::string confusion_svg(const std::vector<std::string>& names, const train_report& report) {
  const auto count = names.size();
  const double cell = count <= 20 ? 34 : count <= 60 ? 18 : 8, font = std::min(12.0, cell * 0.75);
  std::size_t longest = 0;
  for (const auto& name : names) longest = std::max(longest, std::min<std::size_t>(name.size(), 32));
  const double margin = 30 + static_cast<double>(longest) * font * 0.62;
  const double side = margin + cell * static_cast<double>(count) + 20;
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(side) + "\" height=\"" + number(side) +
                    "\" font-family=\"sans-serif\" font-size=\"" + number(font) + "\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
  out += "<text x=\"8\" y=\"16\">rows: true category, columns: likeliest</text>\n";
  for (std::size_t i = 0; i < count; ++i) {
    const auto name = escaped(names[i].substr(0, 32));
    const double middle = margin + cell * (static_cast<double>(i) + 0.5) + font * 0.35;
    out += "<text x=\"" + number(margin - 6) + "\" y=\"" + number(middle) + "\" text-anchor=\"end\">" + name + "</text>\n";
    out += "<text transform=\"translate(" + number(middle) + "," + number(margin - 6) + ") rotate(-90)\">" + name + "</text>\n";
    std::size_t all = 0;
    for (const auto one : report.confusion[i]) all += one;
    for (std::size_t j = 0; j < count; ++j) {
      const auto hits = report.confusion[i][j];
      const double share = all == 0 ? 0 : static_cast<double>(hits) / static_cast<double>(all);
      const auto faded = number(255 - 215 * share);
      // Right ones in blue, wrong ones in red.
      const auto colour = i == j ? "rgb(" + faded + "," + number(255 - 130 * share) + ",255)" : "rgb(255," + faded + "," + faded + ")";
      const auto x = number(margin + cell * static_cast<double>(j)), y = number(margin + cell * static_cast<double>(i));
      out += "<rect x=\"" + x + "\" y=\"" + y + "\" width=\"" + number(cell) + "\" height=\"" + number(cell) + "\" fill=\"" + colour +
             "\" stroke=\"#ddd\"><title>" + name + " as " + escaped(names[j]) + ": " + std::to_string(hits) + "</title></rect>\n";
      if (hits > 0 && cell >= 18)
        out += "<text x=\"" + number(margin + cell * (static_cast<double>(j) + 0.5)) + "\" y=\"" + number(middle) + "\" text-anchor=\"middle\" fill=\"" +
               (share > 0.6 ? "white" : "black") + "\">" + std::to_string(hits) + "</text>\n";
    }
  }
  return out + "</svg>\n";
}

}  // namespace switchyard::ctl
