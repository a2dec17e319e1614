// What is asked of the sketches of tiles, and what they answer. No Python here.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bytes.hpp"

namespace tilewright {

// How the value of a feature is made of sketches.
enum class SketchForm { kDigest, kKll, kDistinct, kFrequent };

struct SketchQuestion {
    SketchForm form;
    // The ranks of quantiles.
    std::vector<double> ranks;
    // How many frequent values are asked for, or the size of a sketch of distinct values.
    size_t size = 0;
};

struct SketchAnswer {
    // Whether there is any value.
    bool is_there = false;
    std::vector<double> quantiles;
    // The most frequent values with their counts, and how far below the truth a count may be.
    std::vector<std::pair<std::string, int64_t>> frequent;
    int64_t error = 0;
    // A sketch of all distinct values, to be estimated.
    std::vector<uint8_t> distinct;
};

// Find the form of a name; false for one that is not known.
bool form_of(const std::string& name, SketchForm* form);

// Answer a question by the sketches of some tiles; false if one of them has another form.
bool ask(const SketchQuestion& question, const std::vector<Bytes>& parts, SketchAnswer* answer);

}  // namespace tilewright
