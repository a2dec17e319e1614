// What is asked of the sketches of tiles, and what they answer.
#include "sketches.hpp"

#include <unordered_map>

#include "digest.hpp"
#include "distinct.hpp"
#include "frequent.hpp"
#include "kll.hpp"

namespace tilewright {

namespace {

const std::unordered_map<std::string, SketchForm> kForms = {
    {"digest", SketchForm::kDigest},
    {"kll", SketchForm::kKll},
    {"distinct", SketchForm::kDistinct},
    {"frequent", SketchForm::kFrequent},
};

template <typename Union>
bool ask_quantiles(const SketchQuestion& question, const std::vector<Bytes>& parts,
                   SketchAnswer* answer) {
    Union sketches;
    for (const Bytes part : parts) {
        if (!sketches.add(part)) return false;
    }
    answer->is_there = !sketches.is_empty();
    if (sketches.is_empty()) return true;
    for (const double rank : question.ranks) answer->quantiles.push_back(sketches.quantile(rank));
    return true;
}

bool ask_distinct(const SketchQuestion& question, const std::vector<Bytes>& parts,
                  SketchAnswer* answer) {
    DistinctSketches sketches(question.size);
    for (const Bytes part : parts) {
        if (!sketches.add(part)) return false;
    }
    answer->distinct = sketches.united();
    answer->is_there = !answer->distinct.empty();
    if (!answer->is_there && sketches.has_one()) {
        const Bytes one = sketches.one();
        answer->distinct.assign(one.at, one.at + one.size);
        answer->is_there = true;
    }
    return true;
}

bool ask_frequent(const SketchQuestion& question, const std::vector<Bytes>& parts,
                  SketchAnswer* answer) {
    Frequencies frequencies;
    if (!frequencies.add(parts, question.size)) return false;
    for (const auto& [item, count] : frequencies.top(question.size)) {
        if (answer->frequent.size() == question.size) break;
        answer->frequent.emplace_back(item, count);
    }
    answer->is_there = !parts.empty();
    answer->error = frequencies.error();
    return true;
}

}  // namespace

bool form_of(const std::string& name, SketchForm* form) {
    const auto entry = kForms.find(name);
    if (entry == kForms.end()) return false;
    *form = entry->second;
    return true;
}

bool ask(const SketchQuestion& question, const std::vector<Bytes>& parts, SketchAnswer* answer) {
    switch (question.form) {
        case SketchForm::kDigest:
            return ask_quantiles<Digests>(question, parts, answer);
        case SketchForm::kKll:
            return ask_quantiles<KllSketches>(question, parts, answer);
        case SketchForm::kDistinct:
            return ask_distinct(question, parts, answer);
        default:
            return ask_frequent(question, parts, answer);
    }
}

}  // namespace tilewright
