#include "app/catalogue/item_filter.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "blip/error.hpp"
#include "core/ascii_case.hpp"
#include "core/in_quotes.hpp"
#include "core/trimmed.hpp"
#include "dataset/catalogue.hpp"

namespace blip::app {
namespace {

using Relation = ItemCondition::Relation;

bool holds(Relation relation, double left, double right) {
  switch (relation) {
    case Relation::less:
      return left < right;
    case Relation::at_most:
      return left <= right;
    case Relation::more:
      return left > right;
    case Relation::at_least:
      return left >= right;
    case Relation::equal:
      return left == right;
    case Relation::unequal:
      break;
  }
  return left != right;
}

bool compares_numbers(Relation relation) {
  return relation != Relation::equal && relation != Relation::unequal;
}

bool same_letters(std::string_view left, std::string_view right) {
  const auto lower = [](char c) { return ascii_lower(c); };
  return std::ranges::equal(left, right, {}, lower, lower);
}

std::optional<double> number_of(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && std::isfinite(number)) {
    return number;
  }
  return dataset::price_of(text);
}

[[noreturn]] void refuse(const std::string& text) {
  throw Error(ErrorCode::invalid_argument,
              in_quotes(text) +
                  " is no condition: NAME=VALUE, NAME!=VALUE, or NAME<, <=, > or >= a "
                  "number");
}

bool fits(const ItemCondition& condition, const std::string& value) {
  if (!compares_numbers(condition.relation)) return same_letters(value, condition.value);
  const auto number = number_of(value);
  return number && holds(condition.relation, *number, condition.number);
}

// Items that have the attribute with a value that fits; of "!=", with one that is equal.
std::unordered_set<std::int64_t> items_with(search::CatalogueIndex& catalogue,
                                            const ItemCondition& condition) {
  std::unordered_set<std::int64_t> items;
  catalogue.for_attribute(condition.name, [&](std::int64_t item, const std::string& value) {
    if (fits(condition, value)) items.insert(item);
  });
  return items;
}

}  // namespace

ItemCondition item_condition(const std::string& text) {
  static constexpr std::pair<std::string_view, Relation> kRelations[] = {
      {"!=", Relation::unequal}, {"<=", Relation::at_most}, {">=", Relation::at_least},
      {"=", Relation::equal},    {"<", Relation::less},     {">", Relation::more}};
  const std::size_t at = text.find_first_of("!<>=");
  if (at == std::string::npos || at == 0) refuse(text);
  const std::string_view rest = std::string_view(text).substr(at);
  for (const auto& [sign, relation] : kRelations) {
    if (!rest.starts_with(sign)) continue;
    ItemCondition condition{.name = std::string(trimmed(std::string_view(text).substr(0, at), " ")),
                            .relation = relation,
                            .value = std::string(trimmed(rest.substr(sign.size()), " "))};
    const bool is_price = same_letters(condition.name, "price");
    if (condition.name.empty() || condition.value.empty() || condition.value.front() == '=') {
      refuse(text);
    }
    if (is_price || compares_numbers(relation)) {
      constexpr std::string_view kSigns = "<>!";  // as in "price=<50"; they are no currency
      if (kSigns.find(condition.value.front()) != std::string_view::npos) refuse(text);
      const auto number = number_of(condition.value);
      if (!number) refuse(text);
      condition.number = *number;
    }
    return condition;
  }
  refuse(text);
}

std::unordered_set<std::int64_t> fitting_items(search::CatalogueIndex& catalogue,
                                               std::span<const search::KnownItem> items,
                                               std::span<const ItemCondition> conditions) {
  std::unordered_set<std::int64_t> ids;
  for (const search::KnownItem& item : items) ids.insert(item.id);
  for (const ItemCondition& condition : conditions) {
    if (same_letters(condition.name, "price")) {
      for (const search::KnownItem& item : items) {
        const bool is_unequal = condition.relation == Relation::unequal;
        const bool fit =
            item.price ? holds(condition.relation, *item.price, condition.number) : is_unequal;
        if (!fit) ids.erase(item.id);
      }
      continue;
    }
    const auto named = items_with(catalogue, condition);
    const bool wanted = condition.relation != Relation::unequal;
    std::erase_if(ids, [&](std::int64_t id) { return named.contains(id) != wanted; });
  }
  return ids;
}

}  // namespace blip::app
