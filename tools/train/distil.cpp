// One step of the student's training (network.py says what it is trained for), called by Python through ctypes: what
// routing/embedding/context_network.hpp computes, in floats, its slopes, and Adam. One thread.
//
// Products of matrices take bfloat16 and add up in float32: by AMX where the processor has it, else by plain loops.
// Rounding is the processor's, sums run in a fixed order: the same machine makes the same weights.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#if defined(__AMX_BF16__)
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace {

using half = std::uint16_t;      // bfloat16: a float's upper half
using floats = std::vector<float>;
using halves = std::vector<half>;

half halved(float x) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, 4);
  return static_cast<half>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

constexpr std::size_t step_of(std::size_t n) { return (n + 31) / 32 * 32; }

// A left factor: rows of halves. A right factor: two rows at a time, interleaved. Both padded with zeros to multiples of 32.
struct left {
  std::size_t rows = 0, columns = 0;
  halves at;
};
struct right {
  std::size_t rows = 0, columns = 0;
  halves at;
};

void take(left& to, const float* from, std::size_t rows, std::size_t columns) {
  to.rows = step_of(rows), to.columns = step_of(columns);
  to.at.assign(to.rows * to.columns, 0);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) to.at[r * to.columns + c] = halved(from[r * columns + c]);
}

void take_turned(left& to, const float* from, std::size_t rows, std::size_t columns) {
  to.rows = step_of(columns), to.columns = step_of(rows);
  to.at.assign(to.rows * to.columns, 0);
  for (std::size_t r0 = 0; r0 < rows; r0 += 32)
    for (std::size_t c = 0; c < columns; ++c)
      for (std::size_t r = r0; r < std::min(r0 + 32, rows); ++r) to.at[c * to.columns + r] = halved(from[r * columns + c]);
}

void take(right& to, const float* from, std::size_t rows, std::size_t columns) {
  to.rows = step_of(rows), to.columns = step_of(columns);
  to.at.assign(to.rows * to.columns, 0);
  for (std::size_t r = 0; r < rows; ++r) {
    half* line = to.at.data() + r / 2 * 2 * to.columns + r % 2;
    for (std::size_t c = 0; c < columns; ++c) line[2 * c] = halved(from[r * columns + c]);
  }
}

void take_turned(right& to, const float* from, std::size_t rows, std::size_t columns) {
  to.rows = step_of(columns), to.columns = step_of(rows);
  to.at.assign(to.rows * to.columns, 0);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) to.at[c / 2 * 2 * to.columns + 2 * r + c % 2] = halved(from[r * columns + c]);
}

#if defined(__AMX_BF16__)

struct alignas(64) tile_shapes {
  std::uint8_t palette = 1, start = 0, reserved[14] = {};
  std::uint16_t bytes[16] = {};
  std::uint8_t rows[16] = {};
};

void prepare() {
  static const bool done = [] { return syscall(SYS_arch_prctl, 0x1023, 18) == 0; }();      // ask for the tiles
  if (!done) std::abort();
  tile_shapes shapes;
  for (int i = 0; i < 8; ++i) shapes.bytes[i] = 64, shapes.rows[i] = 16;
  _tile_loadconfig(&shapes);
}

/// `out` (a.rows, b.columns).
void multiply(const left& a, const right& b, floats& out) {
  out.resize(a.rows * b.columns);
  const auto n = b.columns, k = a.columns;
  for (std::size_t c = 0; c < n; c += 32)
    for (std::size_t r = 0; r < a.rows; r += 32) {
      _tile_zero(0); _tile_zero(1); _tile_zero(2); _tile_zero(3);
      for (std::size_t i = 0; i < k; i += 32) {
        _tile_loadd(4, a.at.data() + r * k + i, static_cast<int>(2 * k));
        _tile_loadd(5, a.at.data() + (r + 16) * k + i, static_cast<int>(2 * k));
        _tile_loadd(6, b.at.data() + i * n + 2 * c, static_cast<int>(4 * n));
        _tile_loadd(7, b.at.data() + i * n + 2 * c + 32, static_cast<int>(4 * n));
        _tile_dpbf16ps(0, 4, 6); _tile_dpbf16ps(1, 4, 7); _tile_dpbf16ps(2, 5, 6); _tile_dpbf16ps(3, 5, 7);
      }
      const int stride = static_cast<int>(4 * n);
      _tile_stored(0, out.data() + r * n + c, stride);
      _tile_stored(1, out.data() + r * n + c + 16, stride);
      _tile_stored(2, out.data() + (r + 16) * n + c, stride);
      _tile_stored(3, out.data() + (r + 16) * n + c + 16, stride);
    }
}

#else

float whole(half x) {
  const std::uint32_t bits = static_cast<std::uint32_t>(x) << 16;
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

void prepare() {}

void multiply(const left& a, const right& b, floats& out) {
  out.assign(a.rows * b.columns, 0);
  for (std::size_t r = 0; r < a.rows; ++r)
    for (std::size_t i = 0; i < a.columns; ++i) {
      const float x = whole(a.at[r * a.columns + i]);
      const half* line = b.at.data() + i / 2 * 2 * b.columns + i % 2;
      for (std::size_t c = 0; c < b.columns; ++c) out[r * b.columns + c] += x * whole(line[2 * c]);
    }
}

#endif

float dot(const float* a, const float* b, std::size_t n) {
  float sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

void add(float* __restrict to, const float* __restrict from, std::size_t n, float times = 1) {
  for (std::size_t i = 0; i < n; ++i) to[i] += times * from[i];
}

/// Slope of x / |x| back to x: `unit` is x / |x|.
void through_norm(float* slope, const float* unit, float length, std::size_t n) {
  const float along = dot(slope, unit, n), inverse = 1 / length;
  for (std::size_t i = 0; i < n; ++i) slope[i] = (slope[i] - unit[i] * along) * inverse;
}

float normalise(float* x, std::size_t n) {
  const float length = std::max(std::sqrt(dot(x, x, n)), 1e-6f);
  for (std::size_t i = 0; i < n; ++i) x[i] /= length;
  return length;
}

/// A parameter with its slope and Adam's memory, all of one shape; the last three are Python's.
struct parameter {
  float *value, *first, *second;
  floats slope;
};

struct sizes {
  std::int64_t entries, dimensions, width, units, hidden;
  std::int64_t moved;      // of a row's numbers so many are trained; the rest stay as they are
};

struct settings {
  float temperature, relational, squared, direction, beta1, beta2, layers;
};

enum : std::size_t { rows_, context_, window_, mean_, shift_, gate_, gate_shift_, first_, first_shift_, second_, count_ };

struct student {
  sizes z;
  settings s;
  parameter p[count_];
  std::vector<std::int32_t> ages;          // of rows
  std::int32_t steps = 0;
  std::vector<std::int32_t> touched;
  std::vector<char> met;

  // One step's room.
  left a;
  right b;
  floats windows, means, seen, ofmeans, weights, directions, lengths, inputs, hidden, out, outlengths, vectors, said, told, slopes, back, backin,
      of_units, of_windows;
  std::vector<std::int32_t> largest;

  std::size_t size(std::size_t which) const {
    const auto n = static_cast<std::size_t>(z.entries), d = static_cast<std::size_t>(z.dimensions), w = static_cast<std::size_t>(z.width),
               u = static_cast<std::size_t>(z.units), h = static_cast<std::size_t>(z.hidden);
    const std::size_t all[] = {n * d, n * w, 3 * w * u, w * u, u, u, 1, (d + 2 * u) * h, h, h * d};
    return all[which];
  }
};

void adam(float* __restrict value, float* __restrict first, float* __restrict second, float* __restrict slope, std::size_t n, std::int32_t age, const settings& s, float rate) {
  const float c1 = 1 / (1 - std::pow(s.beta1, static_cast<float>(age))), c2 = 1 / (1 - std::pow(s.beta2, static_cast<float>(age)));
  for (std::size_t i = 0; i < n; ++i) {
    first[i] = s.beta1 * first[i] + (1 - s.beta1) * slope[i];
    second[i] = s.beta2 * second[i] + (1 - s.beta2) * slope[i] * slope[i];
    value[i] -= rate * (first[i] * c1) / (std::sqrt(second[i] * c2) + 1e-8f);
    slope[i] = 0;
  }
}

/// Loss of the vectors against the targets, and its slope by the vectors into `m.slopes`.
void compare(student& m, const float* target, std::size_t texts, float* report) {
  const auto d = static_cast<std::size_t>(m.z.dimensions);
  const float many = static_cast<float>(texts), hot = 1 / m.s.temperature, pairs = many * (many - 1);
  take(m.a, m.vectors.data(), texts, d), take_turned(m.b, m.vectors.data(), texts, d), multiply(m.a, m.b, m.said);
  take(m.a, target, texts, d), take_turned(m.b, target, texts, d), multiply(m.a, m.b, m.told);
  double nearest = 0, squared = 0, cosine = 0;
  floats& slope = m.back;          // of every similarity, by row; both (i, j) and (j, i) move a pair
  slope.assign(texts * texts, 0);
  const auto stride = step_of(texts);
  floats ours(texts), theirs(texts);
  for (std::size_t i = 0; i < texts; ++i) {
    const float *said = m.said.data() + i * stride, *told = m.told.data() + i * stride;
    float sum = 0, wanted = 0, crossed = 0, apart = 0;
    for (std::size_t j = 0; j < texts; ++j) ours[j] = std::exp((said[j] - 1) * hot), theirs[j] = std::exp((told[j] - 1) * hot);
    ours[i] = theirs[i] = 0;
    for (std::size_t j = 0; j < texts; ++j) sum += ours[j], wanted += theirs[j], crossed += theirs[j] * (said[j] - 1) * hot;
    const float by = 1 / sum, of = 1 / wanted, r = m.s.relational * hot / many, q = 2 * m.s.squared / pairs;
    for (std::size_t j = 0; j < texts; ++j) {
      const float difference = said[j] - told[j];
      slope[i * texts + j] = r * (ours[j] * by - theirs[j] * of) + q * difference;
      apart += difference * difference;
    }
    const float itself = said[i] - told[i];
    slope[i * texts + i] = 0;
    nearest -= crossed * of - std::log(sum);
    squared += apart - itself * itself;
    cosine += dot(m.vectors.data() + i * d, target + i * d, d);
  }
  for (std::size_t i = 0; i < texts; ++i)
    for (std::size_t j = 0; j < i; ++j) slope[i * texts + j] = slope[j * texts + i] = slope[i * texts + j] + slope[j * texts + i];
  take(m.a, slope.data(), texts, texts), take(m.b, m.vectors.data(), texts, d), multiply(m.a, m.b, m.slopes);
  for (std::size_t i = 0; i < texts * d; ++i) m.slopes[i] -= target[i] / many;
  report[1] = static_cast<float>(cosine / many);
  report[0] = 1 - report[1] + static_cast<float>(m.s.relational * nearest / many + m.s.squared * squared / pairs);
}

}  // namespace

extern "C" {

/// `arrays`: value, first and second of each parameter in the order of the enumeration above.
void* student_of(const std::int64_t* shape, const float* numbers, float** arrays) {
  auto* made = new student;
  std::memcpy(&made->z, shape, sizeof made->z);
  std::memcpy(&made->s, numbers, sizeof made->s);
  for (std::size_t i = 0; i < count_; ++i) {
    made->p[i] = {arrays[3 * i], arrays[3 * i + 1], arrays[3 * i + 2], floats(made->size(i))};
  }
  made->ages.resize(static_cast<std::size_t>(made->z.entries));
  made->met.resize(static_cast<std::size_t>(made->z.entries));
  return made;
}

void student_end(void* which) { delete static_cast<student*>(which); }

const float* student_slope(void* which, std::int64_t parameter) { return static_cast<student*>(which)->p[parameter].slope.data(); }

/// `ids` of all texts one after the other, `kept` which are not dropped, `starts` (texts + 1). A rate of zero leaves slopes for tests
/// and moves nothing. `vectors_out`: if not null, the texts' vectors are written there and that is all.
void student_step(void* which, const std::int32_t* ids, const std::uint8_t* kept, const std::int32_t* starts, std::int64_t text_count,
                  const float* target, float rate, float* report, float* vectors_out) {
  prepare();
  student& m = *static_cast<student*>(which);
  const auto texts = static_cast<std::size_t>(text_count), d = static_cast<std::size_t>(m.z.dimensions), w = static_cast<std::size_t>(m.z.width),
             u = static_cast<std::size_t>(m.z.units), h = static_cast<std::size_t>(m.z.hidden), wide = d + 2 * u;
  const auto pieces = static_cast<std::size_t>(starts[texts]);
  auto& p = m.p;

  // Forwards.
  m.windows.assign(pieces * 3 * w, 0), m.means.assign(texts * w, 0);
  floats counts(texts);
  for (std::size_t n = 0; n < texts; ++n) {
    const auto from = static_cast<std::size_t>(starts[n]), to = static_cast<std::size_t>(starts[n + 1]);
    for (std::size_t t = from; t < to; ++t) {
      if (!kept[t]) continue;
      counts[n] += 1;
      const float* row = p[context_].value + static_cast<std::size_t>(ids[t]) * w;
      add(m.means.data() + n * w, row, w);
      if (t + 1 < to) std::copy_n(row, w, m.windows.data() + (t + 1) * 3 * w);
      std::copy_n(row, w, m.windows.data() + t * 3 * w + w);
      if (t > from) std::copy_n(row, w, m.windows.data() + (t - 1) * 3 * w + 2 * w);
    }
    counts[n] = std::max(counts[n], 1.0f);
    for (std::size_t i = 0; i < w; ++i) m.means[n * w + i] /= counts[n];
  }
  take(m.a, m.windows.data(), pieces, 3 * w), take(m.b, p[window_].value, 3 * w, u), multiply(m.a, m.b, m.seen);
  take(m.a, m.means.data(), texts, w), take(m.b, p[mean_].value, w, u), multiply(m.a, m.b, m.ofmeans);
  m.weights.assign(pieces, 0), m.directions.assign(texts * d, 0), m.lengths.resize(texts);
  m.inputs.assign(texts * wide, 0), m.largest.assign(texts * u, -1);
  for (std::size_t n = 0; n < texts; ++n) {
    float *sums = m.inputs.data() + n * wide + d, *most = sums + u, *direction = m.directions.data() + n * d;
    std::int32_t* where = m.largest.data() + n * u;
    float* shifts = m.ofmeans.data() + n * u;
    add(shifts, p[shift_].value, u);
    for (auto t = static_cast<std::size_t>(starts[n]); t < static_cast<std::size_t>(starts[n + 1]); ++t) {
      float* unit = m.seen.data() + t * u;
      if (!kept[t]) {
        std::fill_n(unit, u, 0.0f);
        continue;
      }
#pragma GCC ivdep
      for (std::size_t i = 0; i < u; ++i) {
        const float x = std::max(unit[i] + shifts[i], 0.0f);
        unit[i] = x;
        sums[i] += x;
        where[i] = x > most[i] ? static_cast<std::int32_t>(t) : where[i];
        most[i] = std::max(x, most[i]);
      }
      m.weights[t] = 2 / (1 + std::exp(-(dot(unit, p[gate_].value, u) + *p[gate_shift_].value)));
      add(direction, p[rows_].value + static_cast<std::size_t>(ids[t]) * d, d, m.weights[t]);
    }
    m.lengths[n] = normalise(direction, d);
    for (std::size_t i = 0; i < d; ++i) m.inputs[n * wide + i] = direction[i] * m.s.direction;
    for (std::size_t i = 0; i < u; ++i) sums[i] /= counts[n];
  }
  take(m.a, m.inputs.data(), texts, wide), take(m.b, p[first_].value, wide, h), multiply(m.a, m.b, m.hidden);
  for (std::size_t n = 0; n < texts; ++n) add(m.hidden.data() + n * h, p[first_shift_].value, h);
  for (float& x : m.hidden) x = std::max(x, 0.0f);
  take(m.a, m.hidden.data(), texts, h), take(m.b, p[second_].value, h, d), multiply(m.a, m.b, m.out);
  m.vectors.assign(m.out.begin(), m.out.begin() + static_cast<std::ptrdiff_t>(texts * d)), m.outlengths.resize(texts);
  for (std::size_t n = 0; n < texts; ++n) {
    add(m.vectors.data() + n * d, m.directions.data() + n * d, d);
    m.outlengths[n] = normalise(m.vectors.data() + n * d, d);
  }
  if (vectors_out != nullptr) {
    std::copy(m.vectors.begin(), m.vectors.end(), vectors_out);
    return;
  }

  // Backwards.
  compare(m, target, texts, report);
  for (std::size_t n = 0; n < texts; ++n) through_norm(m.slopes.data() + n * d, m.vectors.data() + n * d, m.outlengths[n], d);
  const auto by_weights = [&](std::size_t which_one, const float* x, const float* slope, std::size_t rows, std::size_t in, std::size_t out) {
    take_turned(m.a, x, rows, in), take(m.b, slope, rows, out), multiply(m.a, m.b, m.said);
    std::copy_n(m.said.data(), in * out, p[which_one].slope.data());
  };
  by_weights(second_, m.hidden.data(), m.slopes.data(), texts, h, d);
  take(m.a, m.slopes.data(), texts, d), take_turned(m.b, p[second_].value, h, d), multiply(m.a, m.b, m.back);
  for (std::size_t i = 0; i < texts * h; ++i) m.back[i] = m.hidden[i] > 0 ? m.back[i] : 0.0f;
  for (std::size_t n = 0; n < texts; ++n) add(p[first_shift_].slope.data(), m.back.data() + n * h, h);
  by_weights(first_, m.inputs.data(), m.back.data(), texts, wide, h);
  take(m.a, m.back.data(), texts, h), take_turned(m.b, p[first_].value, wide, h), multiply(m.a, m.b, m.backin);

  m.of_units.assign(pieces * u, 0);
  floats of_means(texts * u), of_context(texts * w);
  m.touched.clear();
  for (std::size_t n = 0; n < texts; ++n) {
    float *in = m.backin.data() + n * wide, *direction = m.slopes.data() + n * d, *of_sums = in + d, *of_most = in + d + u;
    add(direction, in, d, m.s.direction);
    through_norm(direction, m.directions.data() + n * d, m.lengths[n], d);
    for (std::size_t i = 0; i < u; ++i) of_sums[i] /= counts[n];
    float* together = of_means.data() + n * u;
    const std::int32_t* where = m.largest.data() + n * u;
    for (auto t = static_cast<std::size_t>(starts[n]); t < static_cast<std::size_t>(starts[n + 1]); ++t) {
      if (!kept[t]) continue;
      const auto id = static_cast<std::size_t>(ids[t]);
      if (!m.met[id]) m.met[id] = 1, m.touched.push_back(ids[t]);
      const float weight = m.weights[t];
      const float gated = dot(p[rows_].value + id * d, direction, d) * weight * (1 - weight / 2);
      add(p[rows_].slope.data() + id * d, direction, d, weight);
      *p[gate_shift_].slope.data() += gated;
      const float *unit = m.seen.data() + t * u, *gate = p[gate_].value;
      float *slope = m.of_units.data() + t * u, *of_gate = p[gate_].slope.data();
      const auto here = static_cast<std::int32_t>(t);
#pragma GCC ivdep
      for (std::size_t i = 0; i < u; ++i) {
        const float x = gated * gate[i] + of_sums[i] + (where[i] == here ? of_most[i] : 0.0f);
        slope[i] = unit[i] > 0 ? x : 0.0f;
        together[i] += slope[i];
        of_gate[i] += gated * unit[i];
      }
    }
    add(p[shift_].slope.data(), together, u);
  }
  by_weights(window_, m.windows.data(), m.of_units.data(), pieces, 3 * w, u);
  by_weights(mean_, m.means.data(), of_means.data(), texts, w, u);
  take(m.a, m.of_units.data(), pieces, u), take_turned(m.b, p[window_].value, 3 * w, u), multiply(m.a, m.b, m.of_windows);
  take(m.a, of_means.data(), texts, u), take_turned(m.b, p[mean_].value, w, u), multiply(m.a, m.b, m.back);
  for (std::size_t n = 0; n < texts; ++n) {
    const auto from = static_cast<std::size_t>(starts[n]), to = static_cast<std::size_t>(starts[n + 1]);
    for (std::size_t t = from; t < to; ++t) {
      if (!kept[t]) continue;
      float* slope = p[context_].slope.data() + static_cast<std::size_t>(ids[t]) * w;
      if (t + 1 < to) add(slope, m.of_windows.data() + (t + 1) * 3 * w, w);
      add(slope, m.of_windows.data() + t * 3 * w + w, w);
      if (t > from) add(slope, m.of_windows.data() + (t - 1) * 3 * w + 2 * w, w);
      add(slope, m.back.data() + n * w, w, 1 / counts[n]);
    }
  }

  if (rate == 0) return;
  ++m.steps;
  for (const auto id : m.touched) {
    const auto i = static_cast<std::size_t>(id);
    const auto age = ++m.ages[i];
    m.met[i] = 0;
    for (const auto which_one : {rows_, context_}) {
      const auto n = which_one == rows_ ? d : w, moved = which_one == rows_ ? static_cast<std::size_t>(m.z.moved) : w;
      adam(p[which_one].value + i * n, p[which_one].first + i * n, p[which_one].second + i * n, p[which_one].slope.data() + i * n, moved, age, m.s, rate);
      std::fill_n(p[which_one].slope.data() + i * n + moved, n - moved, 0.0f);
    }
  }
  for (std::size_t i = window_; i < count_; ++i) adam(p[i].value, p[i].first, p[i].second, p[i].slope.data(), m.size(i), m.steps, m.s, rate * m.s.layers);
}

}  // extern "C"
