// What a reader of topics asks of the kernel: messages as columns.
#include "messages.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parts.hpp"

namespace nb = nanobind;

namespace tilewright {

namespace {

// Values and offsets of a partition's messages, in the order in which they came.
struct Columns {
    std::string values;
    std::vector<int64_t> lengths;
    std::vector<int64_t> offsets;
};

template <typename T>
nb::bytes bytes_from(const std::vector<T>& values) {
    return nb::bytes(values.data(), values.size() * sizeof(T));
}

std::string_view text_of(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.at), bytes.size};
}

int64_t number_of(const nb::object& number) {
    const int64_t value = PyLong_AsLongLong(number.ptr());
    if (value == -1 && PyErr_Occurred()) throw nb::python_error();
    return value;
}

// A method without arguments. To find it for each of many objects of one type would take longer
// than what it does.
class Getter {
   public:
    explicit Getter(const char* name)
        : name_(nb::steal<nb::str>(PyUnicode_InternFromString(name))) {}

    nb::object operator()(nb::handle object) {
        if (object.type().ptr() != type_.ptr()) find(nb::borrow(object.type()));
        PyObject* answer = method_ ? method_(object.ptr(), nullptr)
                                   : PyObject_CallMethodNoArgs(object.ptr(), name_.ptr());
        if (answer == nullptr) throw nb::python_error();
        return nb::steal(answer);
    }

   private:
    void find(nb::object type) {
        method_ = nullptr;
        const nb::object found = nb::getattr(type, name_, nb::none());
        if (Py_IS_TYPE(found.ptr(), &PyMethodDescr_Type)) {
            const PyMethodDef* made = reinterpret_cast<PyMethodDescrObject*>(found.ptr())->d_method;
            if (made->ml_flags == METH_NOARGS) method_ = made->ml_meth;
        }
        type_ = std::move(type);
    }

    nb::str name_;
    nb::object type_;
    PyCFunction method_ = nullptr;
};

// Messages taken apart by partition, until they are given away.
class MessageColumns {
   public:
    // Take the messages from an index on, up to the first error; gives where that is.
    size_t add(const nb::list& messages, size_t begin) {
        const size_t count = messages.size();
        for (size_t i = begin; i < count; ++i) {
            const nb::handle message = messages[i];
            if (!error_(message).is_none()) return i;
            const nb::object value = value_(message);
            const Bytes bytes = value.is_none() ? Bytes{} : bytes_of(value);
            const int64_t offset = number_of(offset_(message));
            Columns& columns = by_partition_[number_of(partition_(message))];
            columns.values.append(text_of(bytes));
            columns.lengths.push_back(static_cast<int64_t>(bytes.size));
            columns.offsets.push_back(offset);
            bytes_ += bytes.size;
            ++count_;
        }
        return count;
    }

    // How much was added in all.
    size_t bytes() const { return bytes_; }
    size_t count() const { return count_; }

    // Give the values, their lengths and the offsets of each partition, and forget them.
    nb::list take() {
        nb::list taken;
        for (const auto& [partition, columns] : by_partition_) {
            taken.append(nb::make_tuple(
                partition, nb::bytes(columns.values.data(), columns.values.size()),
                bytes_from(columns.lengths), bytes_from(columns.offsets)));
        }
        by_partition_.clear();
        return taken;
    }

   private:
    Getter error_{"error"}, value_{"value"}, partition_{"partition"}, offset_{"offset"};
    std::map<int64_t, Columns> by_partition_;
    size_t bytes_ = 0, count_ = 0;
};

}  // namespace

void add_messages(nb::module_& module) {
    nb::class_<MessageColumns>(module, "MessageColumns")
        .def(nb::init<>())
        .def_prop_ro("bytes", &MessageColumns::bytes)
        .def_prop_ro("count", &MessageColumns::count)
        .def("add", &MessageColumns::add, nb::arg("messages"), nb::arg("begin"))
        .def("take", &MessageColumns::take);
}

}  // namespace tilewright
