// Values <-> bytes, for the journal. One list of fields serves both directions, and because it takes them by structured
// binding, a field that is missing from it does not compile. Pure.
//
//   template <class Archive, Of<Thing> T> void fields(Archive& a, T& v) { auto& [slot, at] = v; a(slot, at); }
#pragma once

#include <array>
#include <bit>
#include <bitset>
#include <chrono>
#include <concepts>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cgroups/types/units.hpp"

namespace headroom {

template <class T, class U>
concept Of = std::same_as<std::remove_const_t<T>, U>;

template <class T>
concept Duration = requires(T t) { t.count(); };

constexpr std::uint64_t zigzag(std::int64_t v) {
  return (static_cast<std::uint64_t>(v) << 1) ^ static_cast<std::uint64_t>(v >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t v) {
  return static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
}
/// a - b and a + b without the undefined overflow of signed numbers: far ends of the scale are values too.
constexpr std::int64_t wrapped_difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
constexpr std::int64_t wrapped_sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

/// Numbers are LEB128; unsigned ones are shifted by one, so that "none" (all ones) takes a byte; signed ones zigzag;
/// time points are told from `base`.
class ByteWriter {
 public:
  static constexpr bool kReads = false;
  TimePoint base;

  template <class... T>
  void operator()(const T&... values) { (put(values), ...); }

  void byte(std::uint8_t b) { bytes_.push_back(static_cast<char>(b)); }
  void number(std::uint64_t v) {
    for (; v >= 0x80; v >>= 7) byte(static_cast<std::uint8_t>(v | 0x80));
    byte(static_cast<std::uint8_t>(v));
  }
  void difference(std::int64_t v) { number(zigzag(v)); }
  const std::string& bytes() const { return bytes_; }
  void clear() { bytes_.clear(); }

 private:
  template <class T>
  void put(const T& v) {
    if constexpr (std::is_same_v<T, bool>) byte(v ? 1 : 0);
    else if constexpr (std::is_enum_v<T>) number(static_cast<std::uint64_t>(v));
    else if constexpr (std::is_unsigned_v<T>) number(static_cast<T>(v + T{1}));
    else if constexpr (std::is_integral_v<T>) difference(v);
    else if constexpr (Duration<T>) difference(v.count());
    else fields(*this, v);
  }
  void put(double v) {
    const auto raw = std::bit_cast<std::uint64_t>(v);
    for (int shift = 0; shift < 64; shift += 8) byte(static_cast<std::uint8_t>(raw >> shift));
  }
  void put(MilliCpu v) { difference(v.value); }
  void put(TimePoint t) {   // the epoch means never
    const std::int64_t from = wrapped_difference(t.time_since_epoch().count(), base.time_since_epoch().count());
    number(t == TimePoint{} ? 0 : zigzag(from) + 1);
  }
  void put(const std::string& s) {
    number(s.size());
    bytes_ += s;
  }
  template <std::size_t N>
  void put(const std::bitset<N>& set) {
    number(set.count());
    std::size_t last = 0;
    for (std::size_t i = 0, left = set.count(); left > 0; ++i) {
      if (!set.test(i)) continue;
      number(i - last);
      last = i;
      --left;
    }
  }
  template <class T>
  void put(const std::optional<T>& v) {
    byte(v ? 1 : 0);
    if (v) put(*v);
  }
  template <class T>
  void put(const std::unique_ptr<T>& v) {
    byte(v ? 1 : 0);
    if (v) put(*v);
  }
  template <class T>
  void put(const std::shared_ptr<const T>& v) {
    byte(v ? 1 : 0);
    if (v) put(*v);
  }
  template <class A, class B>
  void put(const std::pair<A, B>& v) { (*this)(v.first, v.second); }
  template <class T, std::size_t N>
  void put(const std::array<T, N>& v) { for (const T& item : v) put(item); }
  template <class T>
  void put(const std::vector<T>& v) {
    number(v.size());
    for (const T& item : v) put(item);
  }
  template <class K, class V, class C>
  void put(const std::map<K, V, C>& v) {
    number(v.size());
    for (const auto& item : v) (*this)(item.first, item.second);
  }
  template <class A, class B>
  void put(const std::variant<A, B>& v) {
    byte(static_cast<std::uint8_t>(v.index()));
    if (const A* a = std::get_if<A>(&v)) put(*a);
    else put(std::get<B>(v));
  }

  std::string bytes_;
};

/// Never reads beyond its bytes and never makes more items than bytes are left: after the first fault it gives zeros.
class ByteReader {
 public:
  static constexpr bool kReads = true;
  TimePoint base;

  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  template <class... T>
  void operator()(T&... values) { (get(values), ...); }

  bool good() const { return good_; }
  bool at_end() const { return at_ == bytes_.size(); }
  std::size_t left() const { return bytes_.size() - at_; }
  void spoil() { good_ = false, at_ = bytes_.size(); }

  std::uint8_t byte() {
    if (at_ >= bytes_.size()) {
      good_ = false;
      return 0;
    }
    return static_cast<std::uint8_t>(bytes_[at_++]);
  }
  std::uint64_t number() {
    std::uint64_t v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint8_t b = byte();
      v |= static_cast<std::uint64_t>(b & 0x7f) << shift;
      if ((b & 0x80) == 0) return v;
    }
    spoil();
    return 0;
  }
  std::int64_t difference() { return unzigzag(number()); }
  /// A number of things of at least one byte each.
  std::size_t count() {
    const std::uint64_t n = number();
    if (n > left()) spoil();
    return good_ ? static_cast<std::size_t>(n) : 0;
  }

 private:
  template <class T>
  void get(T& v) {
    if constexpr (std::is_same_v<T, bool>) v = byte() != 0;
    else if constexpr (std::is_enum_v<T>) v = static_cast<T>(static_cast<std::uint8_t>(number()));
    else if constexpr (std::is_unsigned_v<T>) v = static_cast<T>(static_cast<T>(number()) - T{1});
    else if constexpr (std::is_integral_v<T>) v = static_cast<T>(difference());
    else if constexpr (Duration<T>) v = T{static_cast<typename T::rep>(difference())};
    else fields(*this, v);
  }
  void get(double& v) {
    std::uint64_t raw = 0;
    for (int shift = 0; shift < 64; shift += 8) raw |= std::uint64_t{byte()} << shift;
    v = std::bit_cast<double>(raw);
  }
  void get(MilliCpu& v) { v.value = difference(); }
  void get(TimePoint& t) {
    const std::uint64_t n = number();
    t = n == 0 ? TimePoint{} : TimePoint{nanoseconds{wrapped_sum(base.time_since_epoch().count(), unzigzag(n - 1))}};
  }
  void get(std::string& s) {
    const std::size_t n = count();
    s.assign(bytes_.substr(at_, n));
    at_ += n;
  }
  template <std::size_t N>
  void get(std::bitset<N>& set) {
    set.reset();
    std::size_t at = 0;
    for (std::size_t left = count(); left > 0 && good_; --left) {
      at += static_cast<std::size_t>(number());
      if (at >= N) return spoil();
      set.set(at);
    }
  }
  template <class T>
  void get(std::optional<T>& v) {
    v.reset();
    if (byte() != 0) get(v.emplace());
  }
  template <class T>
  void get(std::unique_ptr<T>& v) {
    v.reset();
    if (byte() == 0) return;
    v = std::make_unique<T>();
    get(*v);
  }
  template <class T>
  void get(std::shared_ptr<const T>& v) {
    v.reset();
    if (byte() == 0) return;
    auto made = std::make_shared<T>();
    get(*made);
    v = std::move(made);
  }
  template <class A, class B>
  void get(std::pair<A, B>& v) { (*this)(v.first, v.second); }
  template <class T, std::size_t N>
  void get(std::array<T, N>& v) { for (T& item : v) get(item); }
  template <class T>
  void get(std::vector<T>& v) {
    v.clear();
    for (std::size_t n = count(); n > 0 && good_; --n) get(v.emplace_back());
  }
  template <class K, class V, class C>
  void get(std::map<K, V, C>& v) {
    v.clear();
    for (std::size_t n = count(); n > 0 && good_; --n) {
      K key{};
      get(key);
      get(v[key]);
    }
  }
  template <class A, class B>
  void get(std::variant<A, B>& v) {
    if (byte() == 0) get(v.template emplace<A>());
    else get(v.template emplace<B>());
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  bool good_ = true;
};

}  // namespace headroom
